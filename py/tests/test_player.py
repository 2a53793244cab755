import base64
import io
import re
import wave

import numpy as np

from remotemedia import Audio


def test_a_player_holds_the_samples():
    samples = np.array([[0, 0.5, -1, 2, np.nan], [0.25] * 5], np.float32)
    html = Audio(samples, 8000, 1.5)._repr_html_()
    data = re.fullmatch(
        r'<audio controls title="&lt;Audio.*" src="data:audio/wav;base64,(.*)"></audio><br>.*', html
    )
    with wave.open(io.BytesIO(base64.b64decode(data[1]))) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 8000, 2)
        frames = np.frombuffer(file.readframes(5), "<i2").reshape(5, 2)
    assert frames.T.tolist() == [[0, 16384, -32768, 32767, 0], [8192] * 5]


def test_what_is_too_long_or_empty_is_described():
    for frames in (0, 8000 * 60 + 1):
        html = Audio(np.zeros((1, frames), np.float32), 8000)._repr_html_()
        assert html == f"<code>&lt;Audio 1 × {frames} at 8000 Hz&gt;</code>"
    for audio in (Audio(np.zeros((9, 1)), 8000), Audio([0.0], 2**32 - 1)):
        assert audio._repr_html_().startswith("<code>")
