"""The allocator's segments made expandable before torch is imported."""

import ast

from misrun.tools.code.cure_edits.scene import Scene, Written
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.values import Site

_SET = 'import os\n\nos.environ.setdefault("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True")'


def expandable(scene: Scene) -> Written | None:
    """The variable is read when CUDA starts, so that it has to stand above the first import of torch in the one file
    that is started (with `if __name__ == "__main__"`, or the only file there is)."""
    if not any(event.name == "cuda_oom" for event in scene.facts.run.events):
        return None
    files = [file for file in scene.trace.project.files if _is_started(file) or len(scene.trace.project.files) == 1]
    first = _torch_import(files[0]) if len(files) == 1 else None
    if first is None or any("PYTORCH_CUDA_ALLOC_CONF" in line for line in files[0].lines):
        return None
    said = "Let the allocator grow its segments (PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True)."
    return Written(said, Site(files[0], first), (Edit("before", files[0], first, _SET),))


def _is_started(file: SourceFile) -> bool:
    return any(isinstance(n, ast.If) and "__main__" in ast.unparse(n.test) for n in file.tree.body)


def _torch_import(file: SourceFile) -> ast.stmt | None:
    for node in file.tree.body:
        named = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        named += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        if any(name.partition(".")[0] in ("torch", "transformers", "lightning") for name in named):
            return node
    return None
