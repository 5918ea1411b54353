"""Whoever does not get through the TLS handshake: a number, and nothing that fills a log."""

from __future__ import annotations

import logging
import struct
from functools import cache

import gevent
import pytest
from gevent import socket, ssl

from tests.support.tls import encrypted
from tests.support.waiting import wait_until

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def hello(environ, start_response):
    start_response("200 OK", [])
    return [b"hello"]


@pytest.fixture
def server(serve, tls_context):
    return serve(hello, ssl_context=tls_context, header_timeout=5)


@cache
def client_hello():
    """What a TLS client says first."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    outgoing = ssl.MemoryBIO()
    side = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        side.do_handshake()
    return outgoing.read()


def say_nothing(client):
    client.sock.close()


def reset(client):
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.sock.close()


def speak_http(client):
    client.ask(GET)


def talk_nonsense(client):
    client.ask(bytes(range(256)) * 10)


def stop_in_the_middle(client):
    client.send(client_hello()[:50])
    client.sock.close()


def leave_before_the_answer(client):
    client.send(client_hello())
    reset(client)


def distrust(client):
    """As a browser that does not know who has signed the certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with pytest.raises(ssl.SSLCertVerificationError):
        context.wrap_socket(client.sock, server_hostname="localhost")
    client.sock.close()


def speak_an_old_version(client):
    # A ClientHello of SSL 3.0 that offers nothing we know.
    hello = b"\x03\x00" + bytes(33) + b"\x00\x02\x00\x05\x01\x00"
    handshake = b"\x01" + len(hello).to_bytes(3, "big") + hello
    client.ask(b"\x16\x03\x00" + len(handshake).to_bytes(2, "big") + handshake)


VISITORS = [say_nothing, reset, speak_http, talk_nonsense, stop_in_the_middle,
            leave_before_the_answer, distrust, speak_an_old_version]  # fmt: skip


@pytest.mark.parametrize("visit", VISITORS, ids=lambda visit: visit.__name__)
def test_a_hundred_failed_handshakes_are_a_number(server, connect, capfd, caplog, visit):
    caplog.set_level(logging.INFO)
    for _ in range(100):
        visit(connect(server))
    wait_until(lambda: server.tls_failures == 100, what="all handshakes have failed")
    assert not server.connections
    assert not server.error_log.getvalue()
    assert not caplog.records
    assert capfd.readouterr() == ("", "")
    client = encrypted(connect(server))
    client.send(GET)
    assert client.read_until(b"hello").startswith(b"HTTP/1.1 200 OK\r\n")
    client.sock.close()


def test_a_failed_handshake_is_a_line_for_those_who_look_for_it(server, connect, caplog):
    caplog.set_level(logging.DEBUG, "flask_realtime.wsgi")
    speak_http(connect(server))
    wait_until(lambda: server.tls_failures)
    (record,) = caplog.records
    assert record.levelno == logging.DEBUG and record.exc_info is None
    assert "127.0.0.1" in record.getMessage() and "HTTP_REQUEST" in record.getMessage()


def test_each_byte_of_a_handshake_is_no_new_deadline(serve, connect, tls_context):
    client = connect(serve(hello, ssl_context=tls_context, header_timeout=0.2))

    def trickle():
        for byte in client_hello():
            client.send(bytes([byte]))
            gevent.sleep(0.02)

    writer = gevent.spawn(trickle)
    try:
        assert client.read_all() == b""
        assert not writer.ready()
    finally:
        writer.kill()


@pytest.mark.parametrize("spawn", ["default", 10, gevent.spawn_raw])
def test_stop_closes_those_who_have_not_finished_it(serve, connect, tls_context, spawn):
    server = serve(hello, ssl_context=tls_context, spawn=spawn)
    client = connect(server)
    client.send(client_hello()[:50])
    wait_until(lambda: server._handshakes, what="the handshake has begun")
    server.stop(timeout=5)
    assert client.read_all() == b""
    assert not server._handshakes


@pytest.mark.parametrize(
    "nonsense", [b"", b"\0" * 100, b"\x16\x03\x01\x02\x00\x01", b"SSH-2.0-x\r\n"]
)
def test_a_port_scan_without_tls_is_not_worth_a_word(serve, connect, capfd, caplog, nonsense):
    server = serve(hello)
    for _ in range(100):
        client = connect(server)
        client.send(nonsense)
        reset(client)
    wait_until(lambda: not server.connections, what="all connections are closed")
    assert connect(server).ask(GET).endswith(b"hello")
    assert not server.error_log.getvalue()
    assert not caplog.records
    assert capfd.readouterr() == ("", "")
