"""What the tests of the command line share."""

import io
import json
import sys

import numpy as np
from segments import chain

from remotemedia.cli import main

PASS = chain([("PassThroughNode", {})])


def write_manifest(folder, content, name="manifest.json"):
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def run(*arguments):
    return main(["run", "--runtime", "python", *map(str, arguments)])


def give_stdin(monkeypatch, text):
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def wav(samples, rate=8000):
    """A 16-bit WAV file, written by hand; samples are integers by frame and channel."""
    data = np.asarray(samples, "<i2")
    data = data.reshape(len(data), -1)
    channels = data.shape[1]
    frame = channels * 2
    fields = [(1, 2), (channels, 2), (rate, 4), (rate * frame, 4), (frame, 2), (16, 2)]
    fmt = b"".join(number.to_bytes(width, "little") for number, width in fields)
    body = b"WAVEfmt " + (16).to_bytes(4, "little") + fmt + b"data"
    body += data.nbytes.to_bytes(4, "little") + data.tobytes()
    return b"RIFF" + len(body).to_bytes(4, "little") + body


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    encoding = "utf-8"

    def isatty(self):
        return True
