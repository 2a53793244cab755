import pytest

from remotemedia import PackageError
from remotemedia._capabilities import is_origin, read_capabilities

RIGHT = [
    "https://api.example.com",
    "https://api.example.com:8443",
    "https://127.0.0.1",
    "https://10.0.0.255:1",
    "https://xn--bcher-kva.example",
    "http://localhost",
    "http://localhost:65535",
    "http://127.0.0.1:8000",
]
WRONG = [
    "",
    "*",
    "https://*",
    "https://*.example.com",
    "https://example.com/",
    "https://example.com/path",
    "https://example.com?q",
    "https://user@example.com",
    "https://example.com:0",
    "https://example.com:080",
    "https://example.com:65536",
    "https://Example.com",
    "https://exa mple.com",
    "https://example.com\n",
    "https://example.com; script-src *",
    "https://-a.example",
    "https://a..example",
    "https://example.123",
    "https://256.0.0.1",
    "https://01.0.0.1",
    f"https://{'a' * 63}.{'b' * 190}.example",
    "http://example.com",
    "http://127.0.0.1.example.com",
    "wss://example.com",
    "data:",
]


@pytest.mark.parametrize("origin", RIGHT)
def test_origins(origin):
    assert is_origin(origin)
    manifest = {"runtime": {"capabilities": {"network": [origin]}}}
    assert read_capabilities(manifest) == {"network": [origin]}


@pytest.mark.parametrize("origin", WRONG)
def test_what_is_no_origin(origin):
    assert not is_origin(origin)


@pytest.mark.parametrize(
    "declared",
    [None, [], "network", {"network": "https://a.example"}, {"network": [1]}, {"files": []}]
    + [{"network": [origin]} for origin in WRONG[:2]],
)
def test_what_is_refused(declared):
    with pytest.raises(PackageError) as caught:
        read_capabilities({"runtime": {"capabilities": declared}})
    assert (caught.value.code, caught.value.path) == ("bad_capability", "manifest.json")


@pytest.mark.parametrize("manifest", [{}, {"runtime": 3}, {"runtime": {}}])
def test_nothing_declared(manifest):
    assert read_capabilities(manifest) == {"network": []}
