"""The browser client, ``socket.io.js``, in its builds, served from memory.

The files are socket.io-client's own, fetched by ``make bundles`` and carried by the wheel. What is
served are names of a fixed table, so that no path of a request ever reaches the file system.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from ..transports.compression import accepts_gzip
from ..transports.http import Response

log = logging.getLogger("flask_realtime.wsgi")

FOLDER = Path(__file__).parent.parent / "client_files"
GENERATION = "4"

BUILDS = ("socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js")
NAMES = frozenset([*BUILDS, *(f"{build}.map" for build in BUILDS)])

JAVASCRIPT = "text/javascript; charset=utf-8"

MISSING = b"""\
The browser client is not installed on this server.

In a checkout of Flask-Realtime, `make bundles` fetches it with npm; wheels contain it.
"""


class ClientFiles:
    """The builds of one generation of socket.io-client.

    :param folder: holds a folder for each generation.
    :param generation: the name of that folder.
    """

    def __init__(self, folder: Path = FOLDER, generation: str = GENERATION) -> None:
        self._folder = folder / generation
        self._files: dict[str, _File] = {}
        self._warned = False

    def find(self, name: str, method: str, headers: Mapping[str, str]) -> Response | None:
        """Answer a request for a client file; ``None`` if the name is not one of them.

        :param name: what follows the Socket.IO path, such as ``"socket.io.min.js"``.
        :param method: the request's method, such as ``"GET"``.
        :param headers: the request's headers, with names in lower case.
        """
        if name not in NAMES:
            return None
        if method not in ("GET", "HEAD"):
            return _text("405 Method Not Allowed", b"Only GET and HEAD.\n", ("Allow", "GET, HEAD"))
        file = self._load(name)
        if file is None:
            self._warn()
            return _without_body(_text("404 Not Found", MISSING), method)
        return _without_body(file.answer(headers), method)

    def _warn(self) -> None:
        if not self._warned:
            self._warned = True
            log.warning("%s", MISSING.decode().rstrip())

    def _load(self, name: str) -> _File | None:
        """A file that is missing is looked for again each time: it may have been fetched since."""
        file = self._files.get(name)
        if file is not None:
            return file
        try:
            content = (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None
        file = self._files[name] = _File(name, content)
        return file


class _File:
    """One file, and what is derived from it, once each."""

    def __init__(self, name: str, content: bytes) -> None:
        self._name = name
        self._content = content

    def answer(self, headers: Mapping[str, str]) -> Response:
        compress = accepts_gzip(headers.get("accept-encoding", ""))
        # The two codings differ in their bytes, hence in their strong tags (RFC 9110, 8.8.3.3).
        etag = f'"{self._digest}-gzip"' if compress else f'"{self._digest}"'
        validation = [
            ("ETag", etag),
            ("Cache-Control", "public, max-age=0"),
            ("Vary", "Accept-Encoding"),
        ]
        if matches(headers.get("if-none-match", ""), etag):
            return Response("304 Not Modified", validation, b"")
        body = self._compressed if compress else self._content
        content = [
            ("Content-Type", self._content_type),
            ("Content-Length", str(len(body))),
            ("X-Content-Type-Options", "nosniff"),
        ]
        if compress:
            content.append(("Content-Encoding", "gzip"))
        return Response("200 OK", content + validation, body)

    @property
    def _content_type(self) -> str:
        return "application/json" if self._name.endswith(".map") else JAVASCRIPT

    @cached_property
    def _digest(self) -> str:
        return hashlib.sha256(self._content).hexdigest()[:32]

    @cached_property
    def _compressed(self) -> bytes:
        # Without the time of day, so that every process sends the same bytes under one tag.
        return gzip.compress(self._content, mtime=0)


def not_found(name: str, method: str) -> Response:
    """Answer a request for a file that is none of the builds."""
    builds = ", ".join(BUILDS)
    text = f"There is no file {name!a} here, but: {builds}.\n"
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
