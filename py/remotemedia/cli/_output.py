"""What commands write."""

from __future__ import annotations

import json
import os
import sys
from typing import Any


def print_json(value: Any, **options: Any) -> None:
    """Print as JSON; escaped where the encoding of the output may lack a character."""
    escapes = (sys.stdout.encoding or "").lower() != "utf-8"
    print(json.dumps(value, ensure_ascii=escapes, **options))


def drop_output() -> None:
    """Nobody reads any more: let nothing fail when the interpreter writes what is left."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
