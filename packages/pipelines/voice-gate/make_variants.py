"""Makes 48 kHz stereo and 44.1 kHz mono versions of the recordings in `data/`.

    usage: python make_variants.py [FOLDER]        (dist/voice-gate if left out)

Band-limited interpolation of the whole recording by its Fourier transform: a spectrum that is
extended with zeros is the same sound at a higher rate. The same input gives the same files.
"""

import io
import sys
import wave
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
SOURCE_RATE = 16_000
BALANCE = {48_000: (1.1, 0.9), 44_100: (1.0,)}
"""Rate → loudness of each channel; the mean is the original."""


def resampled(samples: Any, rate: int) -> Any:
    """Return 16 kHz samples at a higher rate, whose ratio to 16 kHz has the divisor 160."""
    padded = np.pad(samples, (0, -len(samples) % 160))  # so that the new length is whole
    length = len(padded) * rate // SOURCE_RATE
    return np.fft.irfft(np.fft.rfft(padded), length) * (length / len(padded))


def variant(recording: bytes, rate: int) -> bytes:
    """Return a 16 kHz mono WAV file at another rate, with one channel per entry of BALANCE."""
    with wave.open(io.BytesIO(recording)) as source:
        if source.getparams()[:3] != (1, 2, SOURCE_RATE):
            raise ValueError(f"not 16-bit mono at {SOURCE_RATE} Hz: {source.getparams()}")
        samples = np.frombuffer(source.readframes(source.getnframes()), "<i2") / 32768
    channels = resampled(samples, rate)[:, np.newaxis] * BALANCE[rate]
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setparams((channels.shape[1], 2, rate, len(channels), "NONE", "not compressed"))
        file.writeframes(np.clip(np.rint(channels * 32768), -32768, 32767).astype("<i2").tobytes())
    return target.getvalue()


def main(folder: Path) -> None:
    """Write the variants of all recordings."""
    folder.mkdir(parents=True, exist_ok=True)
    for recording in sorted((HERE / "data").glob("*.wav")):
        for rate in BALANCE:
            path = folder / f"{recording.stem}-{rate}.wav"
            path.write_bytes(variant(recording.read_bytes(), rate))
            print(path)


if __name__ == "__main__":
    main(Path(*sys.argv[1:]) if sys.argv[1:] else HERE.parents[2] / "dist" / "voice-gate")
