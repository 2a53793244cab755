"""What the modules of a bundle may import and must export (docs/internals/boundaries.md)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remotemedia._wasm_module import MAGIC, check_bodies, read_links
from remotemedia._zip import MOST_CODE_BYTES, refuse

if TYPE_CHECKING:
    from remotemedia._zip import Archive

MODULES = "modules/"
IMPORTS = {
    "remotemedia": {"rm_enter"},
    "wasi_snapshot_preview1": {
        *("args_get", "args_sizes_get", "environ_get", "environ_sizes_get"),
        *("clock_time_get", "clock_res_get", "random_get", "sched_yield", "proc_exit"),
        *("fd_write", "fd_close", "fd_fdstat_get", "fd_fdstat_set_flags", "fd_filestat_get"),
        *("fd_pread", "fd_prestat_get", "fd_prestat_dir_name", "fd_read", "fd_readdir", "fd_seek"),
        *("fd_tell", "path_open", "path_filestat_get"),
    },
}
"""Functions that a module may import, by the module that they come from."""
EXPORTS = (
    *("_initialize", "rm_abi_version", "rm_mailbox", "rm_alloc", "rm_free", "rm_catalog"),
    *("rm_segment_open", "rm_segment_run", "rm_segment_resume", "rm_segment_flush"),
    *("rm_segment_metrics", "rm_segment_close", "rm_last_error"),
)
"""Functions that a module must export, beside its `memory`."""

_NAME = re.compile(r"modules/([a-z0-9][a-z0-9_-]*)\.wasm")


def module_name(path: str) -> str | None:
    """Return the name of the module that an entry is, None if it is none."""
    found = _NAME.fullmatch(path)
    return found.group(1) if found and found.group(1) != "runtime" else None


def check_modules(files: Archive) -> None:
    """Refuse modules that are none, or that ask for what they may not have."""
    for path in files:
        if not path.endswith(".wasm"):
            continue
        if files.head(path, len(MAGIC)) != MAGIC:
            refuse("invalid_wasm", "not a WebAssembly module", path)
        if files.size(path) > MOST_CODE_BYTES:
            refuse("invalid_wasm", f"the module is larger than {MOST_CODE_BYTES} bytes", path)
        content = files[path]
        links = read_links(content, path)
        check_bodies(content, path)
        if not path.startswith(MODULES):
            continue
        for link in links.imports:
            if link.kind != "function" or link.name not in IMPORTS.get(link.module, ()):
                what = f"{link.kind} {link.module}.{link.name}"
                refuse("unexpected_import", f"the module asks for the {what}", path)
        exported = {(link.name, link.kind) for link in links.exports}
        for wanted in [("memory", "memory"), *((name, "function") for name in EXPORTS)]:
            if wanted not in exported:
                refuse("missing_export", f"the module does not give {wanted[0]}", path)
