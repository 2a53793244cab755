"""Writes the plots of docs/nodes/plots; used by scripts/plots.

usage: plots.py
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import recordings
import responses

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path("docs/nodes/plots")
PLOTS: dict[str, Callable[[], str]] = {
    "resampler": responses.resampler,
    "biquads": responses.biquads,
    "biquads-with-gain": responses.biquads_with_gain,
    "gain-ramp": responses.gain_ramp,
    "vad": recordings.vad,
    "spectral-vad": recordings.spectral_vad,
    "spectrogram": recordings.spectrogram,
    "log-mel": recordings.log_mel,
}


def main() -> None:
    """Write those that changed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, draw in PLOTS.items():
        path, drawing = FOLDER / f"{name}.svg", draw()
        if not path.exists() or path.read_text(encoding="utf-8") != drawing:
            print(f"plots: {path}")
            path.write_text(drawing, encoding="utf-8")


if __name__ == "__main__":
    main()
