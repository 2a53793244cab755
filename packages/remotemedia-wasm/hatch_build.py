"""Puts `dist/wasm/runtime.wasm` of the checkout, which is never committed, into the wheel."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class RuntimeModule(BuildHookInterface[Any]):
    """Adds the module to real wheels; an editable install finds it in `dist/` by itself."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Refuse to make a wheel without the module.

        Raises:
            FileNotFoundError: if `scripts/build wasm` has not run.
        """
        if version == "editable":
            return
        module = Path(self.root).parents[1] / "dist" / "wasm" / "runtime.wasm"
        if not module.is_file():
            raise FileNotFoundError(f"{module} does not exist: run scripts/build wasm first")
        build_data["force_include"][str(module)] = "remotemedia_wasm/runtime.wasm"
