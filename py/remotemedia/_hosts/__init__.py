"""Where the engine runs: the only modules that know about Pyodide and wasmtime."""
