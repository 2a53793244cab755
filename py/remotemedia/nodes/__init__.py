"""The built-in nodes: `from remotemedia.nodes import MultiplyNode`. Each is imported when used.

Those that only Rust implements are declarations: they are made and joined like the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remotemedia._registry import BUILT_IN, built_in

if TYPE_CHECKING:
    from remotemedia.nodes._rust import (
        AudioLevelNode,
        BiquadFilterNode,
        ClippingDetectorNode,
        GainNode,
        LogMelNode,
        NormalizeNode,
        SilenceDetectorNode,
        SpectralVADNode,
        SpectrogramNode,
        WavEncodeNode,
    )
    from remotemedia.nodes.add import AddNode
    from remotemedia.nodes.audio_channels import AudioChannelsNode
    from remotemedia.nodes.audio_chunker import AudioChunkerNode
    from remotemedia.nodes.audio_resample import AudioResampleNode
    from remotemedia.nodes.batcher import BatcherNode
    from remotemedia.nodes.calculator import CalculatorNode
    from remotemedia.nodes.counter import CounterNode
    from remotemedia.nodes.data_transform import DataTransformNode
    from remotemedia.nodes.echo import EchoNode
    from remotemedia.nodes.expander import ExpanderNode
    from remotemedia.nodes.filter import FilterNode
    from remotemedia.nodes.format_converter import FormatConverterNode
    from remotemedia.nodes.multiply import MultiplyNode
    from remotemedia.nodes.pass_through import PassThroughNode
    from remotemedia.nodes.range_generator import RangeGeneratorNode
    from remotemedia.nodes.speech_segments import SpeechSegmentsNode
    from remotemedia.nodes.text_processor import TextProcessorNode
    from remotemedia.nodes.vad import VADNode
    from remotemedia.nodes.wav_decode import WavDecodeNode
    from remotemedia.nodes.zip import ZipNode

__all__ = [
    "AddNode",
    "AudioChannelsNode",
    "AudioChunkerNode",
    "AudioLevelNode",
    "AudioResampleNode",
    "BatcherNode",
    "BiquadFilterNode",
    "CalculatorNode",
    "ClippingDetectorNode",
    "CounterNode",
    "DataTransformNode",
    "EchoNode",
    "ExpanderNode",
    "FilterNode",
    "FormatConverterNode",
    "GainNode",
    "LogMelNode",
    "MultiplyNode",
    "NormalizeNode",
    "PassThroughNode",
    "RangeGeneratorNode",
    "SilenceDetectorNode",
    "SpectralVADNode",
    "SpectrogramNode",
    "SpeechSegmentsNode",
    "TextProcessorNode",
    "VADNode",
    "WavDecodeNode",
    "WavEncodeNode",
    "ZipNode",
]


def __getattr__(name: str) -> Any:
    if name in BUILT_IN:
        return built_in(name)
    if name in __all__:
        from remotemedia.nodes import _rust

        return getattr(_rust, name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
