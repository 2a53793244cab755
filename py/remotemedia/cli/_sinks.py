"""Where the results of a run go: standard output, a JSON file, a WAV file."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from remotemedia._json_form import JsonFormError, to_json_form
from remotemedia._values import Audio
from remotemedia.cli._output import print_json, replaced_when_done
from remotemedia.cli._wav_file import WavFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUFFIXES = (".wav", ".json", ".jsonl")


def print_sinks(forms: dict[str, list[Any]]) -> None:
    """Print a line for every item of a single sink; of several a line for each sink."""
    if len(forms) == 1:
        for form in next(iter(forms.values())):
            print_json(form)
        return
    for name, values in forms.items():
        print_json({name: values})


class Printer:
    """Prints items as they come: of several sinks as `{sink: item}`."""

    def __init__(self, sinks: list[str]) -> None:
        self._named = len(sinks) > 1

    def add(self, sink: str, item: Any) -> None:
        """Print an item, at once."""
        form = to_json_form(item)
        print_json({sink: form} if self._named else form)
        sys.stdout.flush()


class JsonFile:
    """Writes `[item, …]` of a single sink, `{sink: [item, …]}` of several; or JSON lines."""

    def __init__(self, path: Path, sinks: list[str], *, lines: bool) -> None:
        self._file = path.open("w", encoding="utf-8")
        self._named = len(sinks) > 1
        self._lines = lines
        self._kept: dict[str, list[Any]] = {sink: [] for sink in sinks}

    def add(self, sink: str, item: Any) -> None:
        """Write an item, or keep it to the end."""
        form = to_json_form(item)
        if not self._lines:
            self._kept[sink].append(form)
            return
        json.dump({sink: form} if self._named else form, self._file, ensure_ascii=False)
        self._file.write("\n")

    def close(self, *, complete: bool) -> None:
        """Write what was kept."""
        with self._file:
            if complete and not self._lines:
                whole = self._kept if self._named else next(iter(self._kept.values()))
                json.dump(whole, self._file, ensure_ascii=False)
                self._file.write("\n")


class AudioFile:
    """Writes the audio of a single sink as one WAV file, or the bytes of one that was encoded."""

    def __init__(self, path: Path, sinks: list[str], wav_format: str) -> None:
        if len(sinks) > 1:
            message = f"a WAV file takes one sink, these are several: {', '.join(sinks)}"
            raise JsonFormError(message)
        self._path = path
        self._format = wav_format
        self._wav: WavFile | None = None
        self._is_whole = False

    def add(self, _sink: str, item: Any) -> None:
        """Append audio; bytes are a whole file."""
        if isinstance(item, bytes) and not self._is_whole and self._wav is None:
            self._path.write_bytes(item)
            self._is_whole = True
        elif isinstance(item, Audio) and not self._is_whole:
            if self._wav is None:
                self._wav = WavFile(self._path, item, self._format)
            self._wav.append(item)
        else:
            kind = "bytes" if isinstance(item, bytes) else type(item).__name__
            found = "more after a whole file" if self._is_whole else kind
            message = f"a WAV file takes audio, or the bytes of one file; this is {found}"
            raise JsonFormError(message)

    def close(self, *, complete: bool) -> None:
        """Write the sizes."""
        if self._wav is not None:
            self._wav.close()
        elif complete and not self._is_whole:
            raise JsonFormError("the pipeline gave no audio to write")


@contextmanager
def file_for(path: Path, sinks: list[str], wav_format: str) -> Iterator[JsonFile | AudioFile]:
    """Give what writes results to the file, which is there only if nothing fails."""
    check_suffix(path)
    with ExitStack() as stack:
        unfinished = stack.enter_context(replaced_when_done(path))
        file: JsonFile | AudioFile
        if path.suffix == ".wav":
            file = AudioFile(unfinished, sinks, wav_format)
        else:
            file = JsonFile(unfinished, sinks, lines=path.suffix == ".jsonl")
        try:
            yield file
        except BaseException:
            file.close(complete=False)
            raise
        file.close(complete=True)


def check_suffix(path: Path) -> None:
    """Refuse a file of a kind that is not written."""
    if path.suffix not in SUFFIXES:
        message = f"{path} ends in none of {', '.join(SUFFIXES)}"
        raise JsonFormError(message)
