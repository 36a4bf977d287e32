"""Registration of "h-mix" with `datasets.load_dataset`, which has no plugin mechanism of its own.

Only this module relies on private names of `datasets`; `hmix_hub.load_dataset` does not. If a new version of `datasets`
changes them, there is a warning and nothing else breaks. HMIX_REGISTER=0 in the environment disables it.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import warnings
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from hmix_hub.datasets_by_name import H_MIX
from hmix_hub.errors import RegistrationWarning

SWITCH = "HMIX_REGISTER"
_TARGET = "datasets.load"
_BUILDER_MODULE = "hmix_hub.builders.h_mix"


def install() -> None:
    """Register now if `datasets` is already imported, otherwise as soon as it is; at most once."""
    if os.environ.get(SWITCH, "").lower() in {"0", "off", "no", "false"}:
        return
    loaded = sys.modules.get(_TARGET)
    if loaded is not None:
        register(loaded)
    elif not any(isinstance(finder, _AfterImport) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AfterImport())


class _AfterImport:
    """Import finder that registers right after `datasets.load` is executed, so that this package imports nothing."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != _TARGET:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def execute_then_register(module: ModuleType) -> None:
            execute(module)
            register(module)

        spec.loader.exec_module = execute_then_register  # type: ignore[method-assign]
        return spec


def is_registered() -> bool:
    """Whether `datasets` knows the name "h-mix"; it is imported by this."""
    import datasets.load

    return H_MIX in getattr(datasets.load, "_PACKAGED_DATASETS_MODULES", {})


def register(load: Any) -> None:
    """Register the name "h-mix" in the executed module `datasets.load`; warn if its structure is unexpected."""
    try:
        factory, modules = load.PackagedDatasetModuleFactory, load._PACKAGED_DATASETS_MODULES
        description, no_files = load.DatasetModule, load.DataFilesDict
        if H_MIX in modules:
            return

        class PackagedDatasetModuleFactory(factory):  # type: ignore[misc, valid-type]
            """A factory of `datasets` that, for "h-mix", neither scans the working directory nor counts the load."""

            def __init__(self, name: str, *args: Any, **kwargs: Any) -> None:
                self.name = name
                self.data_files = kwargs.get("data_files")
                if name != H_MIX:
                    super().__init__(name, *args, **kwargs)

            def get_module(self) -> Any:
                if self.name != H_MIX:
                    return super().get_module()
                from hmix_hub.builders.h_mix import code_fingerprint

                # Without data files, load_dataset asks the user to name some.
                files = no_files() if self.data_files is None else self.data_files
                return description(_BUILDER_MODULE, code_fingerprint(), {"data_files": files, "dataset_name": H_MIX})

        modules[H_MIX] = (_BUILDER_MODULE, "")
        load.PackagedDatasetModuleFactory = PackagedDatasetModuleFactory
    except (AttributeError, TypeError) as error:
        message = (
            f'datasets.load_dataset("{H_MIX}") could not be set up with this version of datasets ({error}); '
            f'use hmix_hub.load_dataset("{H_MIX}"), which takes the same arguments. {SWITCH}=0 silences this.'
        )
        warnings.warn(message, RegistrationWarning, stacklevel=2)
