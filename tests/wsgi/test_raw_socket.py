"""Whether a client whose poll waits has left, which under TLS is said by an alert."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest
from gevent import socket
from gevent.ssl import SSLContext, SSLWantReadError

from flask_realtime.wsgi.raw_socket import HOSTS, Host, SocketPeer
from tests.support.app import App
from tests.support.http import HTTPClient
from tests.support.server import Running, make_server, serving
from tests.support.waiting import let_run, wait_until

VERSIONS = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
HANDSHAKE = "/socket.io/?EIO=4&transport=polling"


class Poller:
    """A client that is in the root namespace and polls over TLS, on one connection for all."""

    def __init__(self, running: Running, context: SSLContext) -> None:
        self._running = running
        self.http = HTTPClient(running.port)
        self.sock: Any = context.wrap_socket(self.http.sock)
        self.http.sock = self.sock
        answer = self.http.get(HANDSHAKE)
        self.sid = next(iter(running.sessions))
        self.target = f"{HANDSHAKE}&sid={self.sid}"
        assert answer.status == 200
        assert self.http.request("POST", self.target, body=b"40").body == b"ok"
        assert self.http.get(self.target).body.startswith(b"40")

    def poll(self) -> None:
        """Send a GET, and wait until the server holds it."""
        transport: Any = self._running.sessions[self.sid].transport
        self.http.ask("GET", self.target)
        wait_until(lambda: transport._poll, what="the poll has arrived")

    def leave(self) -> None:
        """Say close_notify, then FIN, as a browser does that drops its request."""
        self.sock.setblocking(False)
        with pytest.raises(SSLWantReadError):  # for the server's own, which we do not wait for
            self.sock.unwrap()
        self.sock.close()

    def vanish(self) -> None:
        """Send FIN, and nothing before it."""
        self.sock._sock.close()


Serve = Callable[[ssl.TLSVersion], tuple[Poller, App, Running]]


@pytest.fixture
def serve(tls: Path) -> Iterator[Serve]:
    """Serves an application over a version of TLS; gives its only client."""
    with ExitStack() as stack:

        def start(version: ssl.TLSVersion) -> tuple[Poller, App, Running]:
            ours = SSLContext(ssl.PROTOCOL_TLS_SERVER)
            ours.load_cert_chain(tls)
            theirs = SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            theirs.load_verify_locations(tls)
            theirs.check_hostname = False
            theirs.minimum_version = theirs.maximum_version = version
            server = make_server()
            app = App(server)
            running = stack.enter_context(serving(server, ssl_context=ours))
            client = Poller(running, theirs)
            stack.callback(client.sock.close)
            assert client.sock.version() == version.name.replace("_", ".")
            return client, app, running

        yield start


@VERSIONS
@pytest.mark.parametrize("leave", [Poller.leave, Poller.vanish])
def test_a_poll_that_is_dropped_ends_the_session(
    serve: Serve, version: ssl.TLSVersion, leave: Callable[[Poller], None]
) -> None:
    client, app, running = serve(version)
    client.poll()
    left = monotonic()
    leave(client)
    assert app.reason() == "transport error"
    assert monotonic() - left < 1
    assert not running.sessions


@VERSIONS
def test_a_request_that_comes_behind_the_poll_does_not(
    serve: Serve, version: ssl.TLSVersion
) -> None:
    client, app, running = serve(version)
    client.poll()
    client.http.ask("GET", client.target)
    let_run(20)
    assert client.sid in running.sessions
    app.socket.emit("one")
    assert client.http.answer().body == b'42["one"]'
    app.socket.emit("two")
    assert client.http.answer().body == b'42["two"]'
    assert app.reasons == []


@VERSIONS
def test_the_first_byte_of_a_request_that_comes_behind_the_poll_does_not(
    serve: Serve, version: ssl.TLSVersion
) -> None:
    # The smallest record there is, but for an alert's.
    client, app, running = serve(version)
    client.poll()
    client.http.send(b"G")
    let_run(20)
    assert client.sid in running.sessions
    app.socket.emit("one")
    assert client.http.answer().body == b'42["one"]'
    assert app.reasons == []


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)
def test_a_watcher_is_closed_by_who_has_made_it(host: Host) -> None:
    # By the connection, of our own server; else by the request, since nobody else keeps it: libuv
    # has all those of a socket until they are closed.
    here, there = socket.socketpair()
    connection = SimpleNamespace(peer=SocketPeer(here))
    peer = host.peer({"flask_realtime.http_connection": connection}, here)
    peer.watch(lambda: None)
    peer.unwatch()
    is_kept = peer is connection.peer
    assert (peer._watcher is not None) == is_kept == (host.name == "WSGIServer")
    peer.close()
    assert peer._watcher is None
    here.close()
    there.close()


def test_a_watcher_of_one_request_is_closed_when_its_client_leaves() -> None:
    here, there = socket.socketpair()
    peer = HOSTS[-1].peer({}, here)
    gone: list[bool] = []
    peer.watch(lambda: gone.append(True))
    there.close()
    wait_until(lambda: gone, what="the client is gone")
    assert peer._watcher is None
    peer.unwatch()
    here.close()
