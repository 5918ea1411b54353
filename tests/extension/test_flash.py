"""Which pages Flash is told of, and that ``io.run`` tells it where that is wanted."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from flask import Flask

from flask_realtime import SocketIO
from tests.support.http import Wire
from tests.support.program import Program

REQUEST = b"<policy-file-request/>\0"


@pytest.mark.parametrize(
    ("options", "hosts", "domains"),
    [
        ({}, None, ["192.0.2.1"]),
        ({"cors_allowed_origins": "*"}, None, ["*"]),
        ({"cors_allowed_origins": "*"}, ["a.org"], ["*"]),
        ({"cors_allowed_origins": []}, None, ["192.0.2.1"]),
        (
            {"cors_allowed_origins": ["https://b.org", "http://b.org:8080", "null"]},
            None,
            ["192.0.2.1", "b.org"],
        ),
        ({"cors_allowed_origins": "https://*.b.org:8443"}, ["a.org"], ["a.org", "*.b.org"]),
        ({"cors_allowed_origins": lambda origin: True}, None, ["192.0.2.1"]),
        ({"origins": "b.org:* *:8080 C.org:80"}, None, ["192.0.2.1", "b.org", "c.org"]),
        ({"cors_allowed_origins": re.compile("https://b.org")}, None, ["192.0.2.1"]),
        ({}, ["a.org", ".b.org", "c.org:5000"], ["a.org", "b.org", "*.b.org", "c.org"]),
    ],
)
def test_flash_is_told_of_the_pages_that_may_connect_anyway(
    app: Flask, options: dict[str, Any], hosts: list[str] | None, domains: list[str]
) -> None:
    app.config["TRUSTED_HOSTS"] = hosts
    assert SocketIO(app, **options).flash_policy.domains("192.0.2.1") == domains


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_on_the_machine_itself_a_page_may_say_localhost(app: Flask, address: str) -> None:
    assert SocketIO(app).flash_policy.domains(address) == [address, "localhost"]


@pytest.mark.parametrize(("port", "listens"), [(None, None), (False, None), (True, 10843), (1, 1)])
def test_the_policy_has_the_port_of_the_option(
    app: Flask, port: int | None, listens: int | None
) -> None:
    assert SocketIO(app, flash_policy_port=port).flash_policy.port == listens


APP = """
from flask import Flask
from flask_realtime import SocketIO

app = Flask("served")
io = SocketIO(app, {options})
io.run(app, port=0)
"""


def ask_flash(port: int, request: bytes = b"") -> bytes:
    """Send something and return what comes until the end."""
    with closing(Wire(port)) as wire:
        wire.send(request)
        while wire.more():
            pass
        return wire.data


def rules(port: int) -> bytes:
    """The rules for our own pages."""
    return b"".join(
        b'<allow-access-from domain="%s" to-ports="%d"/>' % (domain, port)
        for domain in (b"127.0.0.1", b"localhost")
    )


@pytest.mark.parametrize("options", ['transports=["polling", "flashsocket"]', ""])
def test_run_tells_flash_where_flashsocket_is_among_the_transports(
    start: Callable[..., Program], options: str
) -> None:
    port = start(APP.format(options=options)).port()
    answer = ask_flash(port, REQUEST + b"garbage")
    if options:
        assert answer.partition(b"<cross-domain-policy>")[2].startswith(rules(port))
    else:
        assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port: int = listener.getsockname()[1]
        return port


def test_run_serves_the_policy_on_its_port(start: Callable[..., Program]) -> None:
    beside = free_port()
    port = start(APP.format(options=f"flash_policy_port={beside}")).port()
    assert rules(port) in ask_flash(beside)
    assert rules(port) in ask_flash(port, REQUEST)


@pytest.mark.parametrize("reload", ["", ", use_reloader=True"])
def test_run_says_which_of_its_ports_is_taken(start: Callable[..., Program], reload: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        beside = listener.getsockname()[1]
        text = APP.format(options=f"flash_policy_port={beside}")
        assert start(text.replace("port=0", f"port=0{reload}")).end() == (
            1,
            f"Cannot serve on 127.0.0.1 port {beside}: another program listens there. "
            "Stop that one, or choose another port.\n",
        )
