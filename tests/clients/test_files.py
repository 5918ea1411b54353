"""The browsers' clients, as each host serves them."""

from __future__ import annotations

import http.client
from pathlib import Path

import pytest

from tests.clients.hosts import HOSTS, Running

FOLDER = "flask_realtime/client_files"
JAVASCRIPT = "text/javascript; charset=utf-8"
FLASH = "application/x-shockwave-flash"

pytestmark = pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)


@pytest.mark.parametrize(
    ("name", "path", "content_type"),
    [
        ("socket.io.js", "4/socket.io.js", JAVASCRIPT),
        ("socket.io.min.js", "4/socket.io.min.js", JAVASCRIPT),
        ("socket.io.esm.min.js", "4/socket.io.esm.min.js", JAVASCRIPT),
        ("socket.io.js?client=2", "2/socket.io.js", JAVASCRIPT),
        ("v1/socket.io.js", "1/socket.io.js", JAVASCRIPT),
        ("socket.io.v0.9.17.js", "0.9/socket.io.js", JAVASCRIPT),
        ("static/flashsocket/WebSocketMain.swf", "0.9/WebSocketMain.swf", FLASH),
    ],
)
def test_it_is_sent_once_and_then_only_confirmed(
    server: Running, root: Path, name: str, path: str, content_type: str
) -> None:
    file = root / FOLDER / path
    if not file.exists():
        pytest.skip("the browser clients are not there: make bundles")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request("GET", f"/socket.io/{name}")
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, file.read_bytes())
        assert response.getheader("Content-Type") == content_type
        etag = response.getheader("ETag")
        assert etag
        connection.request("GET", f"/socket.io/{name}", headers={"If-None-Match": etag})
        response = connection.getresponse()
        assert (response.status, response.read()) == (304, b"")
        assert response.getheader("ETag") == etag
    finally:
        connection.close()
