"""Nodes that only Rust implements, in pipelines in code."""

import json

import numpy as np
import pytest
from vectors import difference

from remotemedia import Audio, ManifestError, Pipeline, RuntimeLoadError
from remotemedia._planning import load_rust
from remotemedia.nodes import GainNode, MultiplyNode, NormalizeNode, _rust
from remotemedia.testing import check_node


def test_the_declarations_say_what_the_module_says():
    found = {entry["type"]: entry for entry in load_rust().catalog()}
    classes = [
        cls for cls in vars(_rust).values() if getattr(cls, "__base__", None) is _rust.RustNode
    ]
    assert len(classes) == 10
    for cls in classes:
        assert difference(found[cls.type_name], json.loads(json.dumps(cls.entry()))) is None


def test_they_are_made_joined_and_run():
    pipeline = Pipeline(GainNode(gain_db=20, ramp_ms=0) >> NormalizeNode(target_db=0))
    audio = pipeline.run_sync(Audio([0.01, -0.02], 8000))
    assert np.abs(audio.samples).max() == pytest.approx(1)
    assert json.loads(pipeline.serialize())["nodes"][0]["params"] == {"gain_db": 20, "ramp_ms": 0}
    assert Pipeline.from_json(pipeline.serialize()).serialize() == pipeline.serialize()


def test_wrong_params_are_refused_at_once():
    with pytest.raises(ManifestError, match=r"\$\.params\.gain_db.*≤ 200"):
        GainNode(gain_db=201)


def test_they_have_no_python_implementation():
    with pytest.raises(RuntimeLoadError, match="GainNode has no Python implementation"):
        check_node(GainNode, inputs=[Audio([0.5], 8000)])
    with pytest.raises(ManifestError, match="unavailable_runtime"):
        Pipeline([MultiplyNode(), GainNode().configure(runtime_hint="python")]).plan()
