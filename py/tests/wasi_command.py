"""The WASI command under plain wasmtime: stdin to stdout. Needs `scripts/build wasm`."""

import json

import wasmtime
from vectors import ROOT

COMMAND = ROOT / "dist" / "wasm" / "remotemedia-command.wasm"


class Command:
    """Runs the command with a text as stdin; gives exit code, stdout and stderr."""

    def __init__(self, folder):
        self.engine = wasmtime.Engine()
        self.module = wasmtime.Module.from_file(self.engine, str(COMMAND))
        self.linker = wasmtime.Linker(self.engine)
        self.linker.define_wasi()
        self.folder = folder

    def __call__(self, text):
        files = {name: self.folder / name for name in ("stdin", "stdout", "stderr")}
        files["stdin"].write_text(text, encoding="utf-8")
        config = wasmtime.WasiConfig()
        config.stdin_file = str(files["stdin"])
        config.stdout_file = str(files["stdout"])
        config.stderr_file = str(files["stderr"])
        store = wasmtime.Store(self.engine)
        store.set_wasi(config)
        exports = self.linker.instantiate(store, self.module).exports(store)
        try:
            exports["_start"](store)
            code = 0
        except wasmtime.ExitTrap as end:
            code = end.code
        return code, *(files[name].read_text(encoding="utf-8") for name in ("stdout", "stderr"))

    def run(self, request):
        """Run a request; returns the result or None, and the error or None."""
        code, out, err = self(json.dumps(request))
        if code == 0:
            return json.loads(out), None
        assert out == "", out
        return None, json.loads(err)
