"""What the package is made of, also in the wheel of browsers, which leaves some of it out."""

import importlib
import pkgutil

import remotemedia


def test_every_module_that_is_there_can_be_imported():
    found = [
        module.name
        for module in pkgutil.walk_packages(remotemedia.__path__, "remotemedia.")
        if not module.name.endswith("__main__")
    ]
    assert "remotemedia._hosts.pyodide" in found
    for name in found:
        importlib.import_module(name)
