"""The request of a client's handshake, as an application knows requests."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from werkzeug import Request

from ..transports import http
from .handler import Function

if TYPE_CHECKING:
    from .client import Client

AroundRequest = Callable[[http.Request, Function, Sequence[Any]], Any]
"""Runs a function that concerns a request which has no client yet."""


def call_for_request(request: http.Request, function: Function, args: Sequence[Any]) -> Any:
    """Run a function, and nothing around it."""
    return function(*args)


def make_request(client: Client) -> Request:
    """Return the request of a client, the same one at each call."""
    if client.kept is None:
        environ = whole_environ(client.session.request.variables)
        client.kept = Request(environ, populate_request=False)
    request: Request = client.kept
    return request


def whole_environ(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return a WSGI environ from what is kept of one."""
    return {
        **variables,
        "wsgi.version": (1, 0),
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
