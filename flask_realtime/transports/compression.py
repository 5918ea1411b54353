"""gzip for the bodies of polls."""

from __future__ import annotations

import gzip

from .http import Request, Response

_LEVEL = 6
"""zlib's default: more costs much time for little."""


def compress(response: Response, request: Request, threshold: int) -> Response:
    """Return the response compressed, where that is worth it and the client takes it.

    :param threshold: bytes from which on a body is compressed (Node: 1,024).
    """
    plain = response.body
    if not isinstance(plain, bytes):
        return response  # each piece of it would have to be flushed, and most are small
    if len(plain) < threshold or not accepts_gzip(request.header("accept-encoding")):
        return response
    body = gzip.compress(plain, _LEVEL, mtime=0)
    coding = (("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding"))
    return Response(response.status, (*response.headers, *coding), body)


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether ``gzip``, or else ``*``, is named with a weight above zero (RFC 9110, 12.5.3)."""
    weights: dict[str, float] = {}
    for item in accept_encoding.lower().split(","):
        coding, _, parameter = item.partition(";")
        weights[coding.strip()] = _weight(parameter)
    return weights.get("gzip", weights.get("*", 0)) > 0


def _weight(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name.strip() != "q":
        return 1
    try:
        return float(value)
    except ValueError:
        return 0
