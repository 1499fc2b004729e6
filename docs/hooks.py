"""Adds the generated pages when the site is built: nothing generated is kept in the repository."""

import sys
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

sys.path.insert(0, str(Path(__file__).parent))

from generate_modes import mode_pages
from generate_reference import reference_pages


def on_files(files: Any, config: Any) -> Any:
    """mkdocs calls this with the files of the site."""
    generated = {f"modes/{path}": text for path, text in mode_pages().items()}
    generated |= {f"reference/{path}": text for path, text in reference_pages().items()}
    for path, text in generated.items():
        files.append(File.generated(config, path, content=text))
    return files
