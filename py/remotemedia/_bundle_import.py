"""Imports the modules of a bundle: its own under a private name, those of its wheels by theirs."""

from __future__ import annotations

import os.path
import sys
from types import ModuleType

from remotemedia._errors import RuntimeLoadError

SOURCES = "nodes"
SITE = "site"


class Importer:
    """Imports of one bundle.

    `root` is the folder with its `nodes/`; `site` that of its unpacked wheels, which comes last on
    the path, `root/site` if left out.
    """

    def __init__(self, root: str, bundle_id: str, site: str | None = None) -> None:
        self._root = root
        self._site = os.path.join(root, SITE) if site is None else site  # noqa: PTH118 - light
        self._package = f"_remotemedia_bundle_{bundle_id[:16]}"

    def module(self, told: str) -> ModuleType:
        """Import a module: `nodes.clamp` is `nodes/clamp.py`, others are those of wheels.

        Raises RuntimeLoadError with the traceback of the bundle's own lines.
        """
        self._prepare()
        is_source = told == SOURCES or told.startswith(f"{SOURCES}.")
        name = f"{self._package}.{told}" if is_source else told
        writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        try:
            __import__(name)  # as a statement would: without the importer's frames in tracebacks
        except (Exception, SystemExit) as error:
            from remotemedia._tracebacks import user_traceback

            what = f"{type(error).__name__}: {error}"
            raise RuntimeLoadError(
                f"the module {told} cannot be imported: {what}",
                runtime="python",
                traceback=user_traceback(error),
            ) from error
        finally:
            sys.dont_write_bytecode = writes
        module = sys.modules[name]
        if not is_source and not self._is_in_site(module):
            message = (
                f"the module {told} is not that of the bundle's wheel: this process has another "
                f"one, {getattr(module, '__file__', None)}"
            )
            raise RuntimeLoadError(message, code="module_taken", runtime="python")
        return module

    def forget(self) -> None:
        """Take everything back that was imported from here."""
        for name, module in [*sys.modules.items()]:
            is_own = name == self._package or name.startswith(f"{self._package}.")
            if is_own or self._is_in_site(module):
                del sys.modules[name]
        if self._site in sys.path:
            sys.path.remove(self._site)

    def _is_in_site(self, module: ModuleType) -> bool:
        file = getattr(module, "__file__", None)
        return isinstance(file, str) and file.startswith(self._site + os.sep)

    def _prepare(self) -> None:
        """Make the bundle's package, and its wheels' modules, known to the importer."""
        if self._package not in sys.modules:
            from importlib import invalidate_caches

            invalidate_caches()  # the files may be younger than what the importer knows
            package = ModuleType(self._package, "A bundle's own modules.")
            package.__path__ = [self._root]
            sys.modules[self._package] = package
        if self._site not in sys.path and os.path.isdir(self._site):  # noqa: PTH112
            sys.path.append(self._site)
