"""`remotemedia validate`."""

import warnings

from remotemedia._errors import Issue, ManifestError, ManifestWarning
from remotemedia.cli._options import (
    Json,
    PipelineArgument,
    RequireSignature,
    Runtime,
    Trust,
    TrustedKeys,
    package_options,
)
from remotemedia.cli._output import print_json, show, tell
from remotemedia.cli._pipelines import read_pipeline

EXAMPLES = ["validate manifest.json", "validate pipeline.yaml --runtime python --json"]


def command(
    pipeline: PipelineArgument,
    *,
    runtime: Runtime = "auto",
    trust: Trust = False,
    trusted_key: TrustedKeys = None,
    require_signature: RequireSignature = False,
    as_json: Json = False,
) -> int:
    """Validate a pipeline and tell where its nodes would run."""
    package = package_options(trusted_key, require_signature=require_signature, trust=trust)
    made = read_pipeline(pipeline, runtime, package)
    issues: list[Issue] = []
    places: dict[str, str] = {}
    valid = True
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            plan = made.plan()
    except ManifestError as error:
        issues, valid = error.issues, False
        if not issues:
            raise
    else:
        told = [warning.message for warning in caught]
        issues = [w.issue for w in told if isinstance(w, ManifestWarning) and w.issue]
        for other in told:
            if getattr(other, "issue", None) is None:
                warnings.warn(other, stacklevel=1)
        places = {
            node["id"]: segment["place"]
            for segment in plan["segments"]
            for node in segment["nodes"]
            if "order" in node
        }
    if as_json:
        print_json({"valid": valid, "issues": [i._asdict() for i in issues], "places": places})
    for issue in () if as_json else issues:
        tell(f"{issue.severity}: {issue.path}: {issue.message} ({issue.code})")
    for name, place in () if as_json else places.items():
        show(f"{name}: {place}")
    return 0 if valid else 2
