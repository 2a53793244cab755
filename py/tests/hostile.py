"""The bundles of tests/hostile, as `write.mjs` wrote them, and what the loader says of them.

Run as a program it prints, as JSON, the refused case that takes the most memory; Linux only.
"""

import gc
import json
import re
import sys
from pathlib import Path

from remotemedia import Package, PackageError
from remotemedia._package import Limits

LIMITS = {
    "fileBytes": "file_bytes",
    "inflatedBytes": "inflated_bytes",
    "ratio": "ratio",
    "entries": "entries",
}


def load(source, options):
    limits = {LIMITS[key]: value for key, value in options.get("limits", {}).items()}
    return Package.load(
        source,
        Limits(**limits),
        trusted_keys=options.get("trustedKeys", ()),
        require_signature=options.get("requireSignature", False),
    )


def verdict(source, options):
    """Return what `verdict.ts` returns; any other error than a refusal is raised."""
    try:
        package = load(source, options)
    except PackageError as error:
        return {"code": error.code}
    return {
        "code": None,
        "trust": package.trust,
        "keyId": package.key_id,
        "id": package.id,
        "network": package.capabilities["network"],
        "places": sorted(package.places),
        "files": {name: len(content) for name, content in package.files.items()},
    }


def memory(field):
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(rf"^{field}:\s+(\d+) kB", status, re.MULTILINE)[1]) * 1024


def growth(source, options):
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak starts anew
    before = memory("VmRSS")
    verdict(source, options)
    return memory("VmHWM") - before


def main(folder):
    cases = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    cases = [case for case in cases if "code" in case]
    good = [case for case in cases if case["code"] is None]
    for case in good:  # what is imported when it is needed
        verdict(folder / case["file"], case["options"])
    refused = [case for case in cases if case["code"] is not None]
    found = [(growth(folder / case["file"], case["options"]), case["name"]) for case in refused]
    most, name = max(found)
    print(json.dumps({"count": len(found), "worst": {"name": name, "growth": most}}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
