"""What a bundle asks to be allowed beside computing (docs/internals/bundles.md)."""

from __future__ import annotations

import re
from typing import Any

from remotemedia._zip import refuse

Capabilities = dict[str, list[str]]

_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_NAME = rf"(?:{_LABEL}\.)*[a-z](?:[a-z0-9-]*[a-z0-9])?"
_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_ORIGIN = re.compile(
    rf"(?:https://(?P<host>{_NAME}|{_BYTE}(?:\.{_BYTE}){{3}})|http://(?:localhost|127\.0\.0\.1))"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
)
_LONGEST_HOST, _LAST_PORT = 253, 65535
_AT = "manifest.json"


def read_capabilities(manifest: dict[str, Any]) -> Capabilities:
    """Return `{"network": [origin, …]}` of a manifest; refuses what is not known."""
    runtime = manifest.get("runtime")
    if not isinstance(runtime, dict) or "capabilities" not in runtime:
        return {"network": []}
    declared = runtime["capabilities"]
    if not isinstance(declared, dict):
        refuse("bad_capability", "capabilities are not a JSON object", _AT)
    for name in declared:
        if name != "network":
            refuse("bad_capability", f"there is no capability {name!r}", _AT)
    origins = declared.get("network", [])
    if not isinstance(origins, list):
        refuse("bad_capability", "network is not a list of origins", _AT)
    for origin in origins:
        if not isinstance(origin, str) or not is_origin(origin):
            refuse(
                "bad_capability", f"{origin!r} is not an origin such as https://example.com", _AT
            )
    return {"network": [*origins]}


def is_origin(text: str) -> bool:
    """Tell whether a text is an origin that a bundle may declare."""
    found = _ORIGIN.fullmatch(text)
    if found is None or len(found["host"] or "") > _LONGEST_HOST:
        return False
    return found["port"] is None or int(found["port"]) <= _LAST_PORT
