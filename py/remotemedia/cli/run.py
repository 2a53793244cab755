"""`remotemedia run`."""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from remotemedia._json_form import JsonFormError, to_json_form
from remotemedia._pipeline import Pipeline
from remotemedia.cli._inputs import STDIN, is_wav, lines_of, read_input, read_items
from remotemedia.cli._metrics_table import print_metrics
from remotemedia.cli._options import (
    GrantNetwork,
    Json,
    PipelineArgument,
    RequireSignature,
    Runtime,
    Trust,
    TrustedKeys,
    package_options,
)
from remotemedia.cli._output import print_json
from remotemedia.cli._pipelines import read_pipeline, takes_audio
from remotemedia.cli._progress import progress
from remotemedia.cli._sinks import Printer, check_suffix, file_for, print_sinks
from remotemedia.cli._wav_file import WavFormat

EXAMPLES = [
    "run calculator.rmpkg '[5, 7, 3]'",
    "run voice.yaml @speech.wav --output clean.wav --metrics",
    "run . --source mic=@speech.wav --source text='\"hello\"' --json",
    "run words.json --text < book.txt",
    "run gate.rmpkg @speech.wav --trusted-key key.pub",
]


def _above_zero(value: float | None) -> float | None:
    if value is not None and not value > 0:
        raise typer.BadParameter("must be > 0")
    return value


def _sources(given: list[str] | None) -> dict[str, str]:
    named = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not name or not equals:
            message = f"{text!r} is not ID=INPUT"
            raise typer.BadParameter(message, param_hint="--source")
        if name in named:
            message = f"{name!r} is there twice: the items of a source are one list"
            raise typer.BadParameter(message, param_hint="--source")
        named[name] = value
    return named


def command(
    pipeline: PipelineArgument,
    positional: Annotated[
        str | None,
        typer.Argument(
            metavar="INPUT",
            help="JSON (a list is items, anything else one item), @FILE.json, @FILE for the bytes "
            "or the audio of another file, - for JSON on standard input.",
            show_default=False,
        ),
    ] = None,
    *,
    given: Annotated[
        str | None, typer.Option("--input", metavar="INPUT", help="The same as INPUT.")
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(metavar="ID=INPUT", help="Input of one source. May be repeated."),
    ] = None,
    lines: Annotated[
        bool,
        typer.Option(
            "--lines",
            help="Each line of INPUT (standard input, or @FILE) is an item: JSON if it parses, "
            "else text. Results are printed as they come.",
        ),
    ] = False,
    text: Annotated[bool, typer.Option("--text", help="As --lines, each line as text.")] = False,
    audio: Annotated[
        bool | None,
        typer.Option(
            "--audio/--bytes",
            help="What @FILE gives; audio of a WAV file if the pipeline takes audio and not bytes.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write the results to a .json, .jsonl or .wav file.",
        ),
    ] = None,
    wav_format: Annotated[WavFormat, typer.Option(help="How --output writes WAV.")] = "pcm16",
    runtime: Runtime = "auto",
    metrics: Annotated[
        bool, typer.Option("--metrics", help="Tell on standard error what was measured.")
    ] = False,
    trace: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a trace for Perfetto.")
    ] = None,
    timeout_ms: Annotated[
        float | None,
        typer.Option(metavar="N", help="End the run after N ms.", callback=_above_zero),
    ] = None,
    trust: Trust = False,
    trusted_key: TrustedKeys = None,
    require_signature: RequireSignature = False,
    grant_network: GrantNetwork = None,
    as_json: Json = False,
) -> int:
    """Run a pipeline and print what its sinks give, one JSON line each.

    With --json one object is printed: outputs (of a single sink), sinks, metrics, skipped (failed
    calls that the manifest lets pass); or error.
    """
    given = positional if given is None else given
    named = _sources(source)
    if output is not None:
        check_suffix(output)
    if given is not None and named:
        raise JsonFormError("give either INPUT or --source, not both")
    if (lines or text) and named:
        raise JsonFormError("--lines and --text go with INPUT, not with --source")
    made = read_pipeline(
        pipeline,
        runtime,
        package_options(
            trusted_key,
            require_signature=require_signature,
            trust=trust,
            grant_network=grant_network or [],
        ),
        enable_metrics=as_json or metrics,
        enable_trace=trace is not None,
    )
    with ExitStack() as stack:
        feed: dict[str, Any] = {"timeout_ms": timeout_ms}
        if lines or text:
            feed["input_data"] = stack.enter_context(lines_of(given or STDIN, raw=text))
        elif named:
            feed["sources"] = {
                name: read_items(value, audio=_as_audio(made, value, audio, name))
                for name, value in named.items()
            }
        elif given is not None:
            feed["input_data"] = read_input(given, audio=_as_audio(made, given, audio))
        feed["on_progress"] = stack.enter_context(progress(wanted=not as_json and not lines))
        try:
            sinks = _run(made, feed, output, wav_format, stream=(lines or text) and not as_json)
        finally:
            if trace is not None:
                trace.write_text(json.dumps(made.get_trace()), encoding="utf-8")
    _tell(made, sinks, as_json=as_json, metrics=metrics)
    return 0


def _as_audio(made: Pipeline, text: str, wanted: bool | None, source: str | None = None) -> bool:  # noqa: FBT001
    return takes_audio(made, source) and is_wav(text) if wanted is None else wanted


def _run(
    made: Pipeline, feed: dict[str, Any], output: Path | None, wav_format: str, *, stream: bool
) -> dict[str, list[Any]] | None:
    """Run; returns what the sinks gave in JSON form, None if that is written already."""
    if output is None and not stream:
        sinks = made.run_sync(**feed, by_sink=True)
        return {name: [to_json_form(value) for value in values] for name, values in sinks.items()}
    names = made.plan()["sinks"]
    if output is None:
        target: Any = Printer(names)
        _drain(made, feed, target)
    else:
        with file_for(output, names, wav_format) as target:
            _drain(made, feed, target)
    return None


def _drain(made: Pipeline, feed: dict[str, Any], target: Any) -> None:
    for sink, item in made.stream_sync(**feed):
        target.add(sink, item)


def _tell(
    made: Pipeline, sinks: dict[str, list[Any]] | None, *, as_json: bool, metrics: bool
) -> None:
    if as_json:
        told: dict[str, Any] = {"metrics": made.get_metrics(), "skipped": made.skipped}
        if sinks is not None:
            single = {"outputs": next(iter(sinks.values()))} if len(sinks) == 1 else {}
            told = {**single, "sinks": sinks, **told}
        print_json(told)
    elif sinks is not None:
        print_sinks(sinks)
    if metrics and not as_json:
        print_metrics(made.get_metrics() or {})
