"""Stops calling a node that keeps failing (docs/internals/plan.md, "Circuit breaker")."""

from __future__ import annotations

import math
import time
from typing import Any

from remotemedia._errors import CircuitOpenError

OPENS_AT = 5
"""Calls in a row that fail for good until no more are made."""

OPEN_S = 30.0
"""How long, in seconds, until one call is tried."""


class Circuit:
    """How often in a row a node has failed, also in earlier runs; it has none while it works."""

    def __init__(self, failures: int = 0, wait_ms: float = 0.0) -> None:
        self._failures = failures
        self._until = time.monotonic() + wait_ms / 1000

    def has_failed(self) -> None:
        """Count a call that failed for good."""
        self._failures += 1
        if self._failures >= OPENS_AT:
            self._until = time.monotonic() + OPEN_S

    def refusal(self) -> CircuitOpenError | None:
        """Return the error of a call that is not to be made."""
        wait = self._wait_ms()
        if not wait:
            return None
        message = f"failed {self._failures} times in a row; not called for another {wait} ms"
        return CircuitOpenError(message)

    def state(self) -> dict[str, Any]:
        """Return what the host keeps until the next run."""
        return {"failures": self._failures, "wait_ms": self._wait_ms()}

    def _wait_ms(self) -> int:
        return max(0, math.ceil((self._until - time.monotonic()) * 1000))
