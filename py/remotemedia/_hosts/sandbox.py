"""Shuts Python in before code of a bundle that nobody vouches for runs in it (docs/security.md).

Used in Pyodide alone. What holds is the content security policy of the frame around it; this makes
attempts fail early, with a message that says why.
"""

from __future__ import annotations

import errno
import importlib
import sys
from importlib.abc import MetaPathFinder
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from importlib.machinery import ModuleSpec

_NO_NETWORK = "a bundle that is not trusted may not use the network"
_NO_JAVASCRIPT = "a bundle that is not trusted may not use JavaScript"
_NO_COMPILED = "a bundle that is not trusted may not load compiled code"
_NO_PROGRAMS = "a bundle that is not trusted may not start programs"

_REASONS = {
    "os.exec": _NO_PROGRAMS,
    "os.fork": _NO_PROGRAMS,
    "os.posix_spawn": _NO_PROGRAMS,
    "os.system": _NO_PROGRAMS,
    "socket.bind": _NO_NETWORK,
    "socket.connect": _NO_NETWORK,
    "socket.getaddrinfo": _NO_NETWORK,
    "socket.gethostbyaddr": _NO_NETWORK,
    "socket.gethostbyname": _NO_NETWORK,
    "socket.sendmsg": _NO_NETWORK,
    "socket.sendto": _NO_NETWORK,
    "subprocess.Popen": _NO_PROGRAMS,
    "urllib.Request": _NO_NETWORK,
    "webbrowser.open": _NO_NETWORK,
}


def confine(has_network: bool) -> None:  # noqa: FBT001 - called from JavaScript
    """Take away what reaches JavaScript, and refuse what reaches out.

    With `has_network` some origins were granted: the module `js` stays, which has what it takes to
    use them and nothing else.
    """
    closed = {"pyodide_js": _NO_JAVASCRIPT}
    # asyncio.run asks here whether it may wait.
    api = ModuleType("pyodide_js._api")
    api.__dict__["config"] = SimpleNamespace(enableRunUntilComplete=True)
    if has_network:
        api.__dict__["abortSignalAny"] = importlib.import_module(api.__name__).abortSignalAny
    else:
        closed |= {"js": _NO_JAVASCRIPT, "pyodide.http": _NO_NETWORK}
    javascript = importlib.import_module("_pyodide._importhook").jsfinder.jsproxies
    for name in [*sys.modules, *javascript]:
        if _is_within(name, closed):
            sys.modules.pop(name, None)
            javascript.pop(name, None)
    sys.modules[api.__name__] = api
    sys.meta_path.insert(0, _Closed(closed))
    sys.addaudithook(_refuse)


class _Closed(MetaPathFinder):
    """Says why a module cannot be imported."""

    def __init__(self, reasons: dict[str, str]) -> None:
        self._reasons = reasons

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        for name, reason in self._reasons.items():
            if _is_within(fullname, (name,)):
                raise ImportError(f"{fullname}: {reason}", name=fullname)
        return None


def _is_within(name: str, modules: Iterable[str]) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def _refuse(event: str, args: tuple[Any, ...]) -> None:
    reason = _NO_COMPILED if _calls_code(event, args) else _REASONS.get(event)
    if reason is not None:
        raise PermissionError(errno.EPERM, f"{event}: {reason}")


def _calls_code(event: str, args: tuple[Any, ...]) -> bool:
    if event == "ctypes.dlopen":
        return args[0] is not None  # None is Python itself, which ctypes opens when it is imported
    if event.startswith("ctypes.dlsym"):
        # Python itself comes with functions that run JavaScript.
        return not str(args[1]).startswith(("Py", "_Py"))
    # Of an extension module alone, the file. Those of numpy lie where packages do.
    return event == "import" and args[1] is not None and "/site-packages/" not in args[1]
