"""The browser's client, as each host serves it."""

from __future__ import annotations

import http.client
from pathlib import Path

import pytest

from tests.clients.hosts import HOSTS, Running

FOLDER = "flask_realtime/client_files/4"

pytestmark = pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)


@pytest.mark.parametrize("name", ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js"])
def test_it_is_sent_once_and_then_only_confirmed(server: Running, root: Path, name: str) -> None:
    file = root / FOLDER / name
    if not file.exists():
        pytest.skip("the browser clients are not there: make bundles")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request("GET", f"/socket.io/{name}")
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, file.read_bytes())
        assert response.getheader("Content-Type") == "text/javascript; charset=utf-8"
        etag = response.getheader("ETag")
        assert etag
        connection.request("GET", f"/socket.io/{name}", headers={"If-None-Match": etag})
        response = connection.getresponse()
        assert (response.status, response.read()) == (304, b"")
        assert response.getheader("ETag") == etag
    finally:
        connection.close()
