"""From the head of a request to the WSGI environ (PEP 3333), without any socket."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from ..exceptions import HTTPError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


_KEPT_NAMES = 256
_KEPT_NAME_SIZE = 64


def environ_key(name: bytes) -> str:
    """The key of a header in the environ, or an empty string if it must not get there.

    ``X_Y`` and ``X-Y`` have the same key: a client could send the first to pass for what a proxy
    says in the second, so names with an underscore are dropped, as nginx and Apache do.
    """
    if b"_" in name:
        return ""
    key = name.decode("ascii").upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


_known_key = lru_cache(_KEPT_NAMES)(environ_key)


def build_environ(
    template: WSGIEnvironment,
    method: bytes,
    target: bytes,
    version: str,
    headers: Sequence[tuple[bytes, bytes]],
) -> WSGIEnvironment:
    """The environ of one request, but for ``wsgi.input``.

    :param template: what all requests of the connection have in common; copied.
    :param target: the raw request target, any of the four forms (RFC 9112 section 3.2).
    :param version: ``"1.0"`` or ``"1.1"``.
    :raises HTTPError: not exactly one Host in HTTP/1.1 (RFC 9112 section 3.2).
    """
    environ = template.copy()
    for name, value in headers:
        # A client may make up names of many KiB, which would stay.
        key = _known_key(name) if len(name) <= _KEPT_NAME_SIZE else environ_key(name)
        if not key:
            continue
        # httptools leaves the optional white space behind a value, which is no part of it (5.1).
        text = value.decode("latin-1").rstrip(" \t")
        if key not in environ:
            environ[key] = text
        elif key == "HTTP_HOST":
            raise HTTPError("400 Bad Request", "more than one Host")
        else:
            separator = "; " if key == "HTTP_COOKIE" else ","
            environ[key] = f"{environ[key]}{separator}{text}"
    if version == "1.1" and "HTTP_HOST" not in environ:
        raise HTTPError("400 Bad Request", "no Host in HTTP/1.1")
    environ["REQUEST_METHOD"] = method.decode("ascii")
    environ["SERVER_PROTOCOL"] = f"HTTP/{version}"
    _set_target(environ, target)
    return environ


def _set_target(environ: WSGIEnvironment, target: bytes) -> None:
    # httptools refuses everything but visible ASCII in it.
    raw = target.decode("ascii")
    environ["RAW_URI"] = environ["REQUEST_URI"] = raw
    if raw[0] != "/":
        raw = _origin_form(environ, raw)
    if "#" in raw:
        raw = raw[: raw.index("#")]
    path, _, environ["QUERY_STRING"] = raw.partition("?")
    if "%" in path:
        # PEP 3333: bytes as latin-1, whatever their encoding may be.
        path = unquote_to_bytes(path).decode("latin-1")
    environ["PATH_INFO"] = path


def _origin_form(environ: WSGIEnvironment, target: str) -> str:
    """Path and query of a target that does not begin with its path."""
    if environ["REQUEST_METHOD"] == "CONNECT":
        return ""  # authority form: there is no path
    if target == "*":
        return target
    # Absolute form: its authority replaces the Host header (RFC 9112 section 3.2.2).
    rest = target.partition("://")[2]
    end = min((rest.index(mark) for mark in "/?#" if mark in rest), default=len(rest))
    environ["HTTP_HOST"] = rest[:end].rpartition("@")[2]
    path = rest[end:]
    return path if path.startswith("/") else f"/{path}"
