"""The browser clients, ``socket.io.js`` of each generation, served from memory.

The files are socket.io-client's own, fetched by ``make bundles`` and carried by the wheel. What is
served are names of a fixed table, so that no path of a request ever reaches the file system.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from ..exceptions import OptionError
from ..transports.compression import accepts_gzip
from ..transports.http import Response

log = logging.getLogger("flask_realtime.wsgi")

FOLDER = Path(__file__).parent.parent / "client_files"


class Generation(NamedTuple):
    """The builds of one generation.

    :param files: the names under which they are served, with those in its folder.
    :param readable: the one to read while debugging.
    """

    files: Mapping[str, str]
    readable: str = "socket.io.js"


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


def _with_maps(*builds: str) -> dict[str, str]:
    return _same(*builds, *(f"{build}.map" for build in builds))


_BUILDS_OF_4 = (
    "socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js",
)  # fmt: skip

# The names are those of npm's packages, and MINIFIED is in each.
GENERATIONS: Mapping[str, Generation] = {
    "0.9": Generation(_same("socket.io.js", "socket.io.min.js")),
    "1": Generation(_same("socket.io.js", "socket.io.js.map", "socket.io.min.js")),
    # Its socket.io.js is minified, and there is no socket.io.min.js.
    "2": Generation(
        {**_with_maps("socket.io.js", "socket.io.dev.js"), "socket.io.min.js": "socket.io.js"},
        readable="socket.io.dev.js",
    ),
    "4": Generation(_with_maps(*_BUILDS_OF_4)),
}
MINIFIED = "socket.io.min.js"
MSGPACK = "socket.io.msgpack.min.js"

# Where the client 0.9 looks for them, whatever it is told about anything else.
FLASH_FOLDER = "static/flashsocket"
FLASH_FILES = ("WebSocketMain.swf", "WebSocketMainInsecure.swf")

# Other names of the client 0.9, as its own server had them: with its version, and for builds of
# chosen transports. There is one build for all of them.
_NAMES_OF_09 = re.compile(r"socket\.io(?:\+[a-z-]+)*(?:\.v0\.\d{1,2}\.\d{1,2})?\.js")

_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".map": "application/json",
    ".swf": "application/x-shockwave-flash",
}

MISSING = b"""\
The browser client is not installed on this server.

In a checkout of Flask-Realtime, `make bundles` fetches it with npm; wheels contain it.
"""


class ClientFiles:
    """The builds of all generations of socket.io-client.

    :param folder: holds a folder for each generation.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._files: dict[tuple[str, str], _File] = {}
        self._warned = False

    def find(
        self, tail: str, method: str, headers: Mapping[str, str], client: str
    ) -> Response | None:
        """Answer a request for a client file; ``None`` if the name is not one of them.

        :param tail: what follows the Socket.IO path, such as ``"v1/socket.io.min.js"``.
        :param method: the request's method, such as ``"GET"``.
        :param headers: the request's headers, with names in lower case.
        :param client: the generation of a file whose name says none.
        """
        place = _locate(tail, client)
        if place is None:
            return None
        if method not in ("GET", "HEAD"):
            return _text("405 Method Not Allowed", b"Only GET and HEAD.\n", ("Allow", "GET, HEAD"))
        file = self._load(place)
        if file is None:
            self._warn()
            return _without_body(_text("404 Not Found", MISSING), method)
        return _without_body(file.answer(headers), method)

    def _warn(self) -> None:
        if not self._warned:
            self._warned = True
            log.warning("%s", MISSING.decode().rstrip())

    def _load(self, place: tuple[str, str]) -> _File | None:
        """A file that is missing is looked for again each time: it may have been fetched since."""
        file = self._files.get(place)
        if file is not None:
            return file
        try:
            content = self._folder.joinpath(*place).read_bytes()
        except FileNotFoundError:
            return None
        file = self._files[place] = _File(Path(place[1]).suffix, content)
        return file


def _locate(tail: str, client: str) -> tuple[str, str] | None:
    """The folder and the file that a request means."""
    folder, slash, name = tail.rpartition("/")
    if folder == FLASH_FOLDER:
        return ("0.9", name) if name in FLASH_FILES else None
    if slash:
        client = folder.removeprefix("v") if folder.startswith("v") else ""
    elif name != "socket.io.js" and _NAMES_OF_09.fullmatch(name):
        return "0.9", "socket.io.js"
    generation = GENERATIONS.get(client)
    file = generation and generation.files.get(name)
    return (client, file) if file else None


class _File:
    """One file, and what is derived from it, once each."""

    def __init__(self, suffix: str, content: bytes) -> None:
        self._suffix = suffix
        self._content = content

    def answer(self, headers: Mapping[str, str]) -> Response:
        # A Flash file is compressed in itself.
        compressible = self._suffix != ".swf"
        compress = compressible and accepts_gzip(headers.get("accept-encoding", ""))
        # The two codings differ in their bytes, hence in their strong tags (RFC 9110, 8.8.3.3).
        etag = f'"{self._digest}-gzip"' if compress else f'"{self._digest}"'
        validation = [("ETag", etag), ("Cache-Control", "public, max-age=0")]
        if compressible:
            validation.append(("Vary", "Accept-Encoding"))
        if matches(headers.get("if-none-match", ""), etag):
            return Response("304 Not Modified", validation, b"")
        body = self._compressed if compress else self._content
        content = [
            ("Content-Type", _TYPES[self._suffix]),
            ("Content-Length", str(len(body))),  # here, for the answer to a HEAD too
            ("X-Content-Type-Options", "nosniff"),
        ]
        if compress:
            content.append(("Content-Encoding", "gzip"))
        return Response("200 OK", content + validation, body)

    @cached_property
    def _digest(self) -> str:
        return hashlib.sha256(self._content).hexdigest()[:32]

    @cached_property
    def _compressed(self) -> bytes:
        # Without the time of day, so that every process sends the same bytes under one tag.
        return gzip.compress(self._content, mtime=0)


def script_of(client: str, minified: bool, msgpack: bool = False) -> str:
    """Return where the client of a generation is, below the Socket.IO path.

    :param msgpack: whether it is to speak socket.io-msgpack-parser; that build is minified.
    :raises OptionError: for a generation that is not here, or not with that parser.
    """
    generation = GENERATIONS.get(client)
    if generation is None:
        raise OptionError(f"there is no client {client!r} here, but: {', '.join(GENERATIONS)}")
    if not msgpack or client == "0.9":  # which has a form of its own
        return f"v{client}/{MINIFIED if minified else generation.readable}"
    if MSGPACK not in generation.files:
        raise OptionError(
            f"there is no build of client {client!r} with msgpack, which is this server's "
            "serializer; use client '4', or a build of your own"
        )
    return f"v{client}/{MSGPACK}"


def not_found(method: str) -> Response:
    """Answer a request for a file that is none of the builds: name those that are."""
    lines = ["There is no such file here. Each generation of the client has a folder:"]
    for client, generation in GENERATIONS.items():
        lines.append(f"  v{client}/  {', '.join(generation.files)}")
    lines.append("Without a folder the parameter ?client= says which one is meant.")
    text = "\n".join(lines) + "\n"
    return _without_body(_text("404 Not Found", text.encode()), method)


def matches(if_none_match: str, etag: str) -> bool:
    """Whether the client has this version already (weak comparison, RFC 9110, 13.1.2)."""
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or etag in tags


def _text(status: str, body: bytes, *headers: tuple[str, str]) -> Response:
    length = ("Content-Length", str(len(body)))
    plain = ("Content-Type", "text/plain; charset=utf-8")
    return Response(status, [plain, length, ("X-Content-Type-Options", "nosniff"), *headers], body)


def _without_body(response: Response, method: str) -> Response:
    return response._replace(body=b"") if method == "HEAD" else response
