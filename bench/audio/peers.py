"""What the audio nodes are compared with natively: soxr and scipy, each on one thread.

    usage: python peers.py    (requests and answers are lines of JSON; see METHODS)

Arrays travel in files of float32. Times are in milliseconds.
"""

import json
import platform
import sys
import time
from collections.abc import Callable
from math import gcd
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy
import scipy.fft
import scipy.signal
import soxr

F32 = npt.NDArray[np.float32]
SECONDS = 60
RATE, LENGTH, HOP, BANDS = 16_000, 400, 160, 80
# Slaney's mel scale is linear up to here, 15 mel, and logarithmic above.
LINEAR_HERTZ = 1000


def resampler(peer: str, source: int, target: int) -> Callable[[F32], F32]:
    """Return what converts samples from rate `source` to `target`, in hertz."""
    if peer == "scipy resample_poly":
        common = gcd(source, target)
        return lambda samples: scipy.signal.resample_poly(
            samples, target // common, source // common
        )
    quality = peer.removeprefix("soxr ")
    return lambda samples: soxr.resample(samples, source, target, quality=quality)


def noise(rate: int) -> F32:
    """Return a minute of white noise within ±0.5."""
    return (np.random.default_rng(1).random(rate * SECONDS) - 0.5).astype(np.float32)


def timed(call: Callable[[], object], n: int) -> list[float]:
    """Return the times of `n` calls, after one that does not count."""
    times = []
    for _ in range(n + 1):
        begun = time.perf_counter()
        call()
        times.append((time.perf_counter() - begun) * 1000)
    return times[1:]


def mel_bank() -> npt.NDArray[np.float64]:
    """Return triangles of area 1 on Slaney's mel scale, (bands, bins): librosa's default."""
    step = np.log(6.4) / 27
    top = 15 + np.log(RATE / 2 / LINEAR_HERTZ) / step
    mels = np.linspace(0, top, BANDS + 2)
    linear = mels * 200 / 3
    corners = np.where(linear < LINEAR_HERTZ, linear, LINEAR_HERTZ * np.exp((mels - 15) * step))
    hertz = np.fft.rfftfreq(LENGTH, 1 / RATE)
    low, centre, high = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    heights = np.minimum((hertz - low) / (centre - low), (high - hertz) / (high - centre))
    bank: npt.NDArray[np.float64] = np.maximum(0, heights) * 2 / (high - low)
    return bank


def log_mel(samples: npt.NDArray[Any], bank: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return Whisper's log-mel spectrogram, (bands, frames), in the dtype of its arguments."""
    window = scipy.signal.get_window("hann", LENGTH).astype(samples.dtype)
    padded = np.pad(samples, LENGTH // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, LENGTH)[::HOP][:-1]
    spectrum = scipy.fft.rfft(frames * window)
    power = spectrum.real**2 + spectrum.imag**2
    log = np.log10(np.maximum(bank @ power.T, 1e-10))
    scaled: npt.NDArray[Any] = (np.maximum(log, log.max() - 8) + 4) / 4
    return scaled


def versions(_: dict[str, Any]) -> dict[str, str]:
    """Name what runs here."""
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "soxr": soxr.__version__,
    }


def resample_times(request: dict[str, Any]) -> list[float]:
    """Time a minute through a resampler, its set-up included, as its one call has it."""
    convert = resampler(request["peer"], request["source"], request["target"])
    samples = noise(request["source"])
    return timed(lambda: convert(samples), request["n"])


def convert_file(request: dict[str, Any]) -> None:
    """Resample a file."""
    convert = resampler(request["peer"], request["source"], request["target"])
    samples = np.fromfile(request["input"], dtype=np.float32)
    Path(request["output"]).write_bytes(convert(samples).astype(np.float32).tobytes())


def log_mel_times(request: dict[str, Any]) -> list[float]:
    """Time the log-mel spectrogram of a minute, in float32."""
    samples = noise(RATE)
    bank = mel_bank().astype(np.float32)
    return timed(lambda: log_mel(samples, bank), request["n"])


def log_mel_file(request: dict[str, Any]) -> None:
    """Compute the log-mel spectrogram of a file in float64: the reference."""
    samples = np.fromfile(request["input"], dtype=np.float32).astype(np.float64)
    Path(request["output"]).write_bytes(log_mel(samples, mel_bank()).astype(np.float32).tobytes())


METHODS: dict[str, Callable[[dict[str, Any]], object]] = {
    "versions": versions,
    "resample_times": resample_times,
    "convert": convert_file,
    "log_mel_times": log_mel_times,
    "log_mel": log_mel_file,
}


def main() -> None:
    """Answer requests until there are no more."""
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"value": METHODS[request["method"]](request)}
        except Exception as error:  # noqa: BLE001 - told to whoever asked
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
