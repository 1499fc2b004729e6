"""Python imports this at start-up because its folder is on PYTHONPATH: with DEVICE_BUDGET_MIB set, the simulated
device is installed the moment `import torch` is done. Any other sitecustomize still runs."""

import importlib.util
import os
import sys
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).resolve().parent


class TorchHook:
    """A finder that only watches for torch; it steps aside after the first import."""

    def __init__(self, budget_mib: int) -> None:
        self.budget_mib = budget_mib

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        if name != "torch":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            self._install_after(spec)
        return spec

    def _install_after(self, spec: ModuleSpec) -> None:
        loader = spec.loader
        assert loader is not None
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            from misrun.scenarios.device_budget.device import install

            install(self.budget_mib)

        loader.exec_module = exec_module  # type: ignore[method-assign]


def run_next_sitecustomize() -> None:
    """Runs the sitecustomize this one hides, which a distribution or an environment may have."""
    elsewhere = [folder for folder in sys.path if Path(folder).resolve() != HERE]
    spec = PathFinder.find_spec("sitecustomize", elsewhere)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


if "DEVICE_BUDGET_MIB" in os.environ:
    sys.meta_path.insert(0, TorchHook(int(os.environ["DEVICE_BUDGET_MIB"])))
    run_next_sitecustomize()
