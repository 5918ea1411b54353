"""Flash's policy: its bytes, on the server's own port and on one beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from xml.dom import minidom

import gevent
import pytest
from gevent import socket, ssl

from flask_realtime.exceptions import OptionError
from flask_realtime.wsgi import WSGIServer, flash_policy
from flask_realtime.wsgi.flash_policy import (
    FlashPolicy,
    PolicyServer,
    policy_document,
    receive_request,
)
from tests.support.waiting import wait_until
from tests.wsgi.conftest import Client

REQUEST = b"<policy-file-request/>\0"

Serve = Callable[..., WSGIServer]
Connect = Callable[[Any], Client]


def document(domain: str, port: int) -> bytes:
    return (
        '<?xml version="1.0"?><!DOCTYPE cross-domain-policy SYSTEM '
        '"http://www.macromedia.com/xml/dtds/cross-domain-policy.dtd"><cross-domain-policy>'
        f'<allow-access-from domain="{domain}" to-ports="{port}"/></cross-domain-policy>'
    ).encode()


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return [b"fine"]


def own_address(address: str) -> list[str]:
    return [address]


OWN = FlashPolicy(own_address)


@pytest.mark.parametrize(
    ("domains", "ports", "rules"),
    [
        ([], [80], ""),
        (["*"], [5000], '<allow-access-from domain="*" to-ports="5000"/>'),
        (
            ["a.org", "*.b.org"],
            [80, 443],
            '<allow-access-from domain="a.org" to-ports="80,443"/>'
            '<allow-access-from domain="*.b.org" to-ports="80,443"/>',
        ),
    ],
)
def test_the_document_has_a_rule_for_each_domain(
    domains: list[str], ports: list[int], rules: str
) -> None:
    start, _, end = document("-", 1).partition(b'<allow-access-from domain="-" to-ports="1"/>')
    assert policy_document(domains, ports) == start + rules.encode() + end


@pytest.mark.parametrize("domain", ['"/><evil a="', "<a>", "a&b", "'", "\"'", "é.org", "a\nb"])
def test_no_domain_can_leave_its_attribute(domain: str) -> None:
    body = policy_document([domain], [1]).replace(b"<!DOCTYPE", b"<!--").replace(b'dtd">', b"-->")
    (rule,) = minidom.parseString(body).documentElement.childNodes
    assert rule.attributes["domain"].value == domain


@pytest.mark.parametrize(
    ("pieces", "begins", "left"),
    [
        ([REQUEST], REQUEST, []),
        ([REQUEST + b"garbage", b"more"], REQUEST + b"garbage", [b"more"]),
        ([REQUEST[i : i + 1] for i in range(23)], REQUEST, []),
        ([b"<", REQUEST[1:] + b"g"], REQUEST + b"g", []),
        ([b"<pol", b""], b"<pol", []),
        ([b"<html>", b"more"], b"<html>", [b"more"]),
        ([b"<policy", b"-fill", b"more"], b"<policy-fill", [b"more"]),
        ([b"<policy-file-request/>\n", b"more"], b"<policy-file-request/>\n", [b"more"]),
    ],
)
def test_no_more_is_waited_for_than_shows_whether_it_is_the_request(
    pieces: list[bytes], begins: bytes, left: list[bytes]
) -> None:
    waiting = list(pieces)
    assert receive_request(waiting.pop(0), lambda: waiting.pop(0)) == begins
    assert waiting == left


class TestOnTheServersOwnPort:
    @pytest.mark.parametrize("behind", [b"", b"garbage", b"GET / HTTP/1.1\r\n\r\n", b"\0" * 9000])
    def test_the_request_is_answered_and_what_follows_is_not(
        self, serve: Serve, connect: Connect, behind: bytes
    ) -> None:
        server = serve(application, flash_policy=OWN)
        client = connect(server)
        client.send(REQUEST + behind)
        assert client.read_all() == document("127.0.0.1", server.server_port)

    def test_it_may_come_byte_by_byte(self, serve: Serve, connect: Connect) -> None:
        server = serve(application, flash_policy=OWN)
        client = connect(server)
        client.send_bytewise(REQUEST)
        assert client.read_all() == document("127.0.0.1", server.server_port)

    @pytest.mark.parametrize(
        "data",
        [
            b"<", b"<html>", b"<policy-file-request/>", b"<policy-file-request/>\r\n\r\n",
            b" " + REQUEST, b"\0" + REQUEST,
            b"<Policy-file-request/>\0", b"<policy-file-request />\0",
        ],
    )  # fmt: skip
    def test_what_begins_otherwise_is_no_http(
        self, serve: Serve, connect: Connect, data: bytes
    ) -> None:
        server = serve(application, flash_policy=OWN)
        assert connect(server).ask(data).startswith(b"HTTP/1.1 400 Bad Request\r\n")

    def test_nothing_is_told_unless_a_policy_is_given(self, serve: Serve, connect: Connect) -> None:
        answer = connect(serve(application)).ask(REQUEST)
        assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")

    def test_half_a_request_is_not_waited_for_longer_than_a_head(
        self, serve: Serve, connect: Connect
    ) -> None:
        client = connect(serve(application, flash_policy=OWN, header_timeout=0.1))
        client.send(REQUEST[:-1])
        assert client.read_all() == b""

    def test_http_is_served_beside_it(self, serve: Serve, connect: Connect) -> None:
        server = serve(application, flash_policy=OWN)
        assert connect(server).ask(b"GET / HTTP/1.0\r\n\r\n").endswith(b"\r\n\r\nfine")

    def test_over_tls_too(
        self, serve: Serve, connect: Connect, tls_context: ssl.SSLContext
    ) -> None:
        server = serve(application, flash_policy=OWN, ssl_context=tls_context)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        client = connect(server)
        client.sock = context.wrap_socket(client.sock)
        client.send(REQUEST)
        assert client.read_all() == document("127.0.0.1", server.server_port)
        client.sock.close()

    def test_the_address_of_ipv4_is_its_own_where_ipv6_serves_both(
        self, serve: Serve, connect: Connect
    ) -> None:
        listener = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        server = serve(application, listener, flash_policy=OWN)
        with socket.create_connection(("127.0.0.1", server.server_port), 10) as sock:
            assert Client(sock).ask(REQUEST) == document("127.0.0.1", server.server_port)

    def test_it_is_none_of_a_unix_sockets(self) -> None:
        with pytest.raises(OptionError, match="a Flash policy is for a TCP port"):
            WSGIServer("unix:/nowhere", application, flash_policy=OWN)


@pytest.fixture
def policy_server() -> Iterator[PolicyServer]:
    server = PolicyServer(("127.0.0.1", 0), own_address, [80, 5000])
    server.start()
    yield server
    server.stop()


POLICY = document("127.0.0.1", 0).replace(b'"0"', b'"80,5000"')


class TestOnAPortOfItsOwn:
    def test_who_connects_gets_the_policy_without_asking(
        self, policy_server: PolicyServer, connect: Connect
    ) -> None:
        assert connect(policy_server).read_all() == POLICY

    @pytest.mark.parametrize("sent", [REQUEST, b"garbage", b"GET / HTTP/1.1\r\n\r\n" * 99])
    def test_what_is_sent_makes_no_difference(
        self, policy_server: PolicyServer, connect: Connect, sent: bytes
    ) -> None:
        client = connect(policy_server)
        client.send(sent)
        assert client.read_all() == POLICY

    def test_who_does_not_leave_is_sent_away(
        self, policy_server: PolicyServer, connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(flash_policy, "PATIENCE", 0.1)
        assert connect(policy_server).read_all() == POLICY
        assert policy_server._streams
        wait_until(lambda: not policy_server._streams)

    def test_who_floods_is_sent_away_at_once(
        self, policy_server: PolicyServer, connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(flash_policy, "PATIENCE", 1e6)
        client = connect(policy_server)
        with pytest.raises((BrokenPipeError, ConnectionResetError)), gevent.Timeout(10):
            while True:
                client.send(b"x" * 100)
                gevent.idle()

    def test_those_who_stay_keep_nobody_out(
        self, policy_server: PolicyServer, connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(flash_policy, "MAX_CONNECTIONS", 3)
        monkeypatch.setattr(flash_policy, "PATIENCE", 1e6)
        clients = [connect(policy_server) for _ in range(20)]
        for client in clients:
            assert client.read_all() == POLICY
        assert len(policy_server._streams) <= 3

    def test_it_can_be_started_again(self, policy_server: PolicyServer, connect: Connect) -> None:
        policy_server.stop()
        policy_server.start()
        assert connect(policy_server).read_all() == POLICY

    def test_it_starts_and_stops_with_the_server(self, serve: Serve, connect: Connect) -> None:
        server = serve(application, flash_policy=FlashPolicy(own_address, port=0))
        beside = server.policy_server
        assert beside is not None
        for _ in range(2):
            expected = document("127.0.0.1", server.server_port)
            assert connect(beside).read_all() == expected
            assert connect(server).ask(REQUEST) == expected
            server.stop()
            with pytest.raises(ConnectionRefusedError):
                connect(beside)
            server.start()

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    def test_a_server_whose_policy_port_is_taken_serves_nothing(
        self, policy_server: PolicyServer, connect: Connect
    ) -> None:
        policy = FlashPolicy(own_address, policy_server.server_port)
        server = WSGIServer(("127.0.0.1", 0), application, flash_policy=policy, log=None)
        with pytest.raises(OSError, match="Address already in use"):
            server.start()
        with pytest.raises(ConnectionRefusedError):
            connect(server)
        policy_server.stop()
        server.start()
        assert server.policy_server is not None
        assert connect(server.policy_server).read_all() == document("127.0.0.1", server.server_port)
        server.stop()
