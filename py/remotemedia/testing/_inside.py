"""The part that runs in Pyodide: finds the node, checks it, tells what was raised."""

from __future__ import annotations

import json
import traceback
from importlib import import_module
from typing import Any

from remotemedia._errors import RemoteMediaError
from remotemedia._json_form import from_json_form
from remotemedia.testing._contract import Case, check_all


async def main(text: str) -> str:
    """Check the node that a request names; returns JSON, null if it keeps to every rule."""
    request = json.loads(text)
    try:
        found: Any = import_module(request["module"])
        for part in request["name"].split("."):
            found = getattr(found, part)
        given = {key: from_json_form(value) for key, value in request["case"].items()}
        await check_all(Case(cls=found, **given))
    except Exception as error:  # noqa: BLE001 - it is told
        return json.dumps(told(error))
    return "null"


def told(error: Exception) -> dict[str, Any]:
    """Return an error as JSON."""
    return {
        "name": type(error).__name__,
        "message": str(error),
        "wire": error.to_wire() if isinstance(error, RemoteMediaError) else None,
        "traceback": "".join(traceback.format_exception(error)),
    }
