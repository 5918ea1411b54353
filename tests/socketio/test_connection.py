"""The ``connection`` handler, and handlers that belong to one socket."""

from __future__ import annotations

from typing import Any

import pytest

from flask_realtime import socket
from tests.support.application import Site


def test_the_connection_handler_gets_the_socket_if_it_takes_an_argument(site: Site) -> None:
    @site.io.on("connection")
    def connection(sock: Any) -> None:
        sock.emit("hello", sock.id)

        @sock.on("own")
        def own() -> str:
            return sock.id

    client = site.client()
    assert client.receive() == f'42["hello","{client.id}"]'
    other = site.client()
    assert other.receive() == f'42["hello","{other.id}"]'
    assert client.ask('421["own"]') == f'431["{client.id}"]'
    assert other.ask('421["own"]') == f'431["{other.id}"]'


def test_the_connection_handler_may_take_nothing(site: Site) -> None:
    site.io.on("connection", lambda: socket.emit("hello"))
    assert site.client().receive() == '42["hello"]'


def test_a_connection_handler_that_fails_leaves_the_client_in(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.io.on("connection", lambda: 1 / 0)
    assert site.client().got_nothing()
    assert "handler of 'connection' in / failed" in caplog.text


def test_a_socket_s_own_handler_comes_before_the_namespace_s(site: Site) -> None:
    site.io.on("which", lambda: "everyone's")
    client = site.client()
    site.socket(client).on("which", lambda: "mine")
    assert client.ask('421["which"]') == '431["mine"]'
    site.socket(client).off("which")
    assert client.ask('422["which"]') == '432["everyone\'s"]'
