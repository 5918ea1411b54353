"""The request of a test client's handshake, made as Flask's own test client makes its requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Flask

from ...transports.http import Headers
from ...wsgi.proxy import Application, behind_same_proxy

if TYPE_CHECKING:
    from flask.testing import FlaskClient

Environ = dict[str, Any]

_BASE = {"REMOTE_ADDR": "127.0.0.1"}


def make_environ(
    app: Flask, path: str, query_string: str, headers: Any, client: FlaskClient | None
) -> Environ:
    """Return the environ of a GET.

    :param headers: as Flask's test client takes them.
    :param client: whose cookies, and whose ``environ_base``, it has.
    """
    from flask.testing import EnvironBuilder  # 6 ms that only tests need

    builder = EnvironBuilder(
        app,
        path,
        query_string=query_string,
        headers=headers,
        environ_base=_BASE if client is None else client.environ_base,
    )
    environ = builder.get_environ()
    builder.close()
    if client is not None:
        client._add_cookies_to_wsgi(environ)
    return environ


def join(query_string: str | Mapping[str, Any] | None, more: str) -> str:
    """Return a query string, with or without its ``?`` or as a mapping, and more of it behind."""
    if isinstance(query_string, Mapping):
        query_string = urlencode(query_string, doseq=True)
    return "&".join(filter(None, ((query_string or "").removeprefix("?"), more)))


def fix(environ: Environ, application: Application) -> None:
    """Change an environ as a ``ProxyFix`` does, if `application` is one."""
    behind_same_proxy(application, _answer)(environ, print)


def _answer(environ: Environ, start_response: Any) -> list[bytes]:
    return []


def keep_cookies(client: FlaskClient, environ: Environ, answered: Headers) -> None:
    """Put the cookies of the handshake's answer into the client's jar."""
    cookies = [value for name, value in answered if name == "Set-Cookie"]
    host = environ["HTTP_HOST"].partition(":")[0]
    client._update_cookies_from_response(host, environ["PATH_INFO"], cookies)
