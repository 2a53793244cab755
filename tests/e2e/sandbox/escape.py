"""A bundle that wants out: some fifty ways, each a function that takes the URL to reach."""

import asyncio
import gc
import importlib
import sys

from remotemedia import Node

attempts = {}


def attempt(function):
    attempts[function.__name__] = function
    return function


class EscapeNode(Node):
    """Makes attempts: an item is [name, url], and `{"raised"}` or `{"value"}` comes out."""

    async def process(self, item):
        name, url = item
        try:
            value = attempts[name](url)
            if hasattr(value, "__await__"):
                value = await asyncio.wait_for(value, 5)
            return {"attempt": name, "value": str(value)[:500]}
        except BaseException as error:
            return {"attempt": name, "raised": f"{type(error).__name__}: {error}"[:500]}


def searched(name):
    """Return a JavaScript object that has the attribute, from whatever Python still refers to."""
    from pyodide.ffi import JsProxy

    for thing in gc.get_objects():
        for referent in gc.get_referents(thing):
            if isinstance(referent, JsProxy) and hasattr(referent, name):
                return referent
            for inner in vars(referent).values() if isinstance(referent, type(sys)) else ():
                if isinstance(inner, JsProxy) and hasattr(inner, name):
                    return inner
    raise LookupError(f"no JavaScript object has {name}")


# --- through the module js ----------------------------------------------------------------------


@attempt
def js_fetch(url):
    from js import fetch

    return fetch(url)


@attempt
def js_xhr(url):
    from js import XMLHttpRequest

    request = XMLHttpRequest.new()
    request.open("GET", url, False)
    request.send(None)
    return request.status


async def opened(thing):
    """Wait until a connection has been made or refused."""
    from pyodide.ffi import create_proxy

    done = asyncio.get_running_loop().create_future()
    proxy = create_proxy(lambda event: done.done() or done.set_result(event.type))
    thing.addEventListener("open", proxy)
    thing.addEventListener("error", proxy)
    if await done == "error":
        raise ConnectionError("refused")
    return "open"


@attempt
def js_websocket(url):
    from js import WebSocket

    return opened(WebSocket.new(url.replace("http", "ws", 1)))


@attempt
def js_event_source(url):
    from js import EventSource

    return opened(EventSource.new(url))


@attempt
def js_web_transport(url):
    from js import WebTransport

    return WebTransport.new(url.replace("http:", "https:", 1)).ready


@attempt
def js_beacon(url):
    from js import navigator

    return navigator.sendBeacon(url)


@attempt
def js_import_scripts(url):
    from js import importScripts

    return importScripts(url)


@attempt
def js_worker(url):
    from js import Worker

    return opened(Worker.new(url))


def script(code):
    from js import URL, Blob
    from pyodide.ffi import to_js

    return URL.createObjectURL(Blob.new(to_js([code])))


@attempt
async def js_blob_worker(url):
    from js import Worker

    Worker.new(script(f"fetch({url!r})"))
    await asyncio.sleep(1)


@attempt
def js_shared_worker(url):
    from js import SharedWorker

    return SharedWorker.new(url)


@attempt
def js_font(url):
    from js import FontFace

    return FontFace.new("out", f"url({url})").load()


@attempt
def js_image(url):
    from js import Image

    image = Image.new()
    image.src = url
    return opened(image)


@attempt
def js_window(url):
    from js import window

    return window.open(url)


@attempt
def js_navigate(url):
    from js import location

    location.href = url


@attempt
def js_frame(url):
    from js import document

    frame = document.createElement("iframe")
    frame.src = url
    document.body.append(frame)


@attempt
def js_post_message(url):
    from js import parent

    parent.postMessage(url, "*")


@attempt
def js_broadcast(url):
    from js import BroadcastChannel

    BroadcastChannel.new("out").postMessage(url)


@attempt
def js_local_storage(url):
    from js import localStorage

    localStorage.setItem("out", url)


@attempt
def js_indexed_db(_url):
    from js import indexedDB

    return indexedDB.open("out").readyState


@attempt
def js_caches(_url):
    from js import caches

    return caches.open("out")


@attempt
def js_file_system(_url):
    from js import navigator

    return navigator.storage.getDirectory()


@attempt
def js_rtc(url):
    from js import RTCPeerConnection

    return RTCPeerConnection.new({"iceServers": [{"urls": url.replace("http://", "stun:")}]})


@attempt
def js_eval(url):
    import js

    return js.eval(f"fetch({url!r})")


@attempt
def js_dynamic_import(url):
    import js

    return js.Function.new("url", "return import(url)")(url)


@attempt
def js_import_blob(url):
    import js

    return js.Function.new("url", "return import(url)")(script(f"await fetch({url!r})"))


@attempt
def js_web_assembly(url):
    from js import WebAssembly, fetch

    return WebAssembly.compileStreaming(fetch(url))


# --- through Pyodide ----------------------------------------------------------------------------


@attempt
def run_js(url):
    from pyodide.code import run_js

    return run_js(f"fetch({url!r})")


@attempt
def pyfetch(url):
    from pyodide.http import pyfetch

    return pyfetch(url)


@attempt
def open_url(url):
    from pyodide.http import open_url

    return open_url(url)


@attempt
def pyxhr(url):
    from pyodide.http import pyxhr

    return pyxhr.get(url)


@attempt
def load_package(url):
    import pyodide_js

    return loaded(pyodide_js.loadPackage, f"{url}-1.0-py3-none-any.whl")


async def loaded(load_package, url):
    """Load a package; loadPackage tells of failures only in words."""
    from pyodide.ffi import create_proxy, to_js

    said = []
    callback = create_proxy(lambda text: said.append(str(text)))
    await load_package(url, to_js({"errorCallback": callback, "messageCallback": callback}))
    raise OSError("; ".join(said))


@attempt
async def micropip(url):
    import micropip

    await micropip.install(f"{url}-1.0-py3-none-any.whl")


@attempt
def run_python(url):
    import pyodide_js

    return pyodide_js.runPythonAsync(f"import js; await js.fetch({url!r})")


# --- through Python's own modules ---------------------------------------------------------------


def host_of(url):
    host, _, port = url.split("/")[2].partition(":")
    return host, int(port)


@attempt
def urllib_request(url):
    import urllib.request

    return urllib.request.urlopen(url, timeout=3).read()


@attempt
def http_client(url):
    import http.client

    connection = http.client.HTTPConnection(*host_of(url), timeout=3)
    connection.request("GET", url)
    return connection.getresponse().status


@attempt
async def socket_connect(url):
    import socket

    connection = socket.socket()
    connection.setblocking(False)
    try:
        connection.connect(("127.0.0.1", host_of(url)[1]))
    except BlockingIOError:
        await asyncio.sleep(1)
    return connection.send(f"GET {url} HTTP/1.1\r\n\r\n".encode())


@attempt
async def raw_socket(url):
    import _socket

    connection = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    connection.setblocking(False)
    try:
        connection.connect(("127.0.0.1", host_of(url)[1]))
    except BlockingIOError:
        await asyncio.sleep(1)
    return connection.send(url.encode())


@attempt
def datagram(url):
    import socket

    connection = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    return connection.sendto(url.encode(), ("127.0.0.1", host_of(url)[1]))


@attempt
def resolve(url):
    import socket

    return socket.getaddrinfo(f"{url.rpartition('/')[2]}.example", 80)


@attempt
async def open_connection(url):
    _, writer = await asyncio.open_connection(*host_of(url))
    writer.write(url.encode())


@attempt
def browser(url):
    import webbrowser

    if not webbrowser.open(url):
        raise OSError("no browser")


@attempt
def program(url):
    import subprocess

    return subprocess.run(["curl", url], check=True)


@attempt
def shell(url):
    import os

    if os.system(f"curl {url}") != 0:
        raise OSError("no shell")


# --- through what can be got hold of ------------------------------------------------------------


@attempt
def constructor(url):
    from pyodide.ffi import to_js

    make = to_js([url]).constructor.constructor
    return make("url", "return fetch(url)")(url)


@attempt
def constructor_import(url):
    from pyodide.webloop import scheduleCallback

    return scheduleCallback.constructor("url", "return import(url)")(url)


@attempt
def callback_constructor(url):
    """The function that the engine hands to Python when a node has a deadline."""
    return searched("call").constructor("url", "return fetch(url)")(url)


@attempt
def search_fetch(url):
    return searched("fetch").fetch(url)


@attempt
def search_package_loader(url):
    return loaded(searched("loadPackage").loadPackage, f"{url}-1.0-py3-none-any.whl")


@attempt
def search_run_python(url):
    return searched("runPythonAsync").runPythonAsync(f"import js; await js.fetch({url!r})")


@attempt
def registered_modules(url):
    from _pyodide._importhook import jsfinder

    return jsfinder.jsproxies["js"].fetch(url)


@attempt
def import_anew(url):
    from _pyodide._importhook import JsFinder

    sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != "_Closed"]
    for finder in sys.meta_path:
        if isinstance(finder, JsFinder):
            finder.jsproxies.setdefault("js", searched("fetch"))
    return importlib.import_module("js").fetch(url)


@attempt
def undo_modules(url):
    from pyodide import _state

    state = _state.save_state()
    return state["js_modules"]["js"].fetch(url)


# --- through compiled code ----------------------------------------------------------------------


@attempt
async def emscripten_script(url):
    import ctypes

    ctypes.CDLL(None).emscripten_run_script(f"fetch({url!r})".encode())
    await asyncio.sleep(1)


@attempt
async def emscripten_download(url):
    import ctypes

    ctypes.CDLL(None).emscripten_async_wget(url.encode(), b"/out", None, None)
    await asyncio.sleep(1)


def section(number, *content):
    body = b"".join(content)
    return bytes([number, len(body)]) + body


def text(name):
    return bytes([len(name)]) + name.encode()


def side_module(url):
    """A module whose export `go` runs JavaScript, written byte by byte."""
    code = f"fetch({url!r})\0".encode()
    i32, module = b"\x7f", text("env")
    types = [b"\x60\x01" + i32 + b"\x00", b"\x60\x00\x01" + i32]
    imports = [
        module + text("memory") + b"\x02\x00\x01",
        module + text("__memory_base") + b"\x03" + i32 + b"\x00",
        module + text("emscripten_run_script") + b"\x00\x00",
    ]
    body = b"\x00\x23\x00\x10\x00\x41\x00\x0b"
    data = b"\x00\x23\x00\x0b" + bytes([len(code)]) + code
    dylink = text("dylink.0") + b"\x01\x04" + bytes([len(code)]) + b"\x00\x00\x00"
    return b"\0asm\x01\0\0\0" + b"".join(
        [
            section(0, dylink),
            section(1, bytes([len(types)]), *types),
            section(2, bytes([len(imports)]), *imports),
            section(3, b"\x01\x01"),
            section(7, b"\x01", text("go"), b"\x00\x01"),
            section(10, b"\x01", bytes([len(body)]), body),
            section(11, b"\x01", data),
        ]
    )


@attempt
async def library(url):
    import ctypes
    from pathlib import Path

    Path("/tmp/go.so").write_bytes(side_module(url))
    ctypes.CDLL("/tmp/go.so").go()
    await asyncio.sleep(1)


@attempt
def extension(url):
    from importlib.machinery import ExtensionFileLoader
    from importlib.util import module_from_spec, spec_from_file_location
    from pathlib import Path

    Path("/tmp/out.so").write_bytes(side_module(url))
    loader = ExtensionFileLoader("out", "/tmp/out.so")
    spec = spec_from_file_location("out", "/tmp/out.so", loader=loader)
    return module_from_spec(spec)


# --- other nodes --------------------------------------------------------------------------------


class MeanNode(Node, requires=["numpy"]):
    """Computes with numpy."""

    def process(self, item):
        import numpy as np

        return {"double": item * 2, "mean": float(np.mean(item, dtype=np.float64))}


class EchoedNode(Node):
    """Gives back what comes."""

    def process(self, item):
        return item


class LoopNode(Node):
    """Never ends."""

    def process(self, item):
        print("looping")
        while True:
            pass


class FatalNode(Node):
    """Ends Python itself, at once or after a while."""

    async def process(self, item):
        import _pyodide_core

        await asyncio.sleep(item)
        _pyodide_core.trigger_fatal_error()


class FetchNode(Node):
    """Fetches a URL in the two ways that are left when its origin was granted."""

    async def process(self, item):
        import js
        from pyodide.http import open_url, pyfetch

        how, url = item
        if how == "open_url":
            return open_url(url).read()
        if how == "fetch":
            return await (await js.fetch(url)).text()
        return await (await pyfetch(url)).text()
