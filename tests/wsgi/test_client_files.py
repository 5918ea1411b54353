"""The browser client as it is served: bytes, tags, codings, and what is not ours."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from flask_realtime.transports.http import Response
from flask_realtime.wsgi.client_files import NAMES, ClientFiles, accepts_gzip, matches

SCRIPT = b"var io = {};\n" * 100
MAP = b'{"version":3}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Generation 4 with the builds, and a file beside them that nobody may get."""
    (tmp_path / "4").mkdir()
    for name in NAMES:
        (tmp_path / "4" / name).write_bytes(MAP if name.endswith(".map") else SCRIPT)
    (tmp_path / "4" / "LICENSE").write_text("MIT")
    (tmp_path / "secret.js").write_text("secret")
    return tmp_path


@pytest.fixture
def files(folder: Path) -> ClientFiles:
    return ClientFiles(folder)


def get(files: ClientFiles, name: str = "socket.io.js", method: str = "GET", **headers: str):
    """Ask for a file that must be one of ours; ``accept_encoding`` stands for the header."""
    response = files.find(name, method, {k.replace("_", "-"): v for k, v in headers.items()})
    assert response is not None
    return response


def header(response: Response, name: str) -> str | None:
    values = [value for key, value in response.headers if key == name]
    assert len(values) < 2
    return values[0] if values else None


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_build_and_its_map(files: ClientFiles, name: str) -> None:
    response = get(files, name)
    body, content_type = (
        (MAP, "application/json")
        if name.endswith(".map")
        else (SCRIPT, "text/javascript; charset=utf-8")
    )
    assert response.status == "200 OK"
    assert response.body == body
    assert header(response, "Content-Type") == content_type
    assert header(response, "Content-Length") == str(len(body))
    assert header(response, "Cache-Control") == "public, max-age=0"
    assert header(response, "Vary") == "Accept-Encoding"
    assert header(response, "X-Content-Type-Options") == "nosniff"
    assert header(response, "Content-Encoding") is None


def test_names_are_the_builds_of_the_client() -> None:
    assert NAMES == {
        "socket.io.js",
        "socket.io.js.map",
        "socket.io.min.js",
        "socket.io.min.js.map",
        "socket.io.esm.min.js",
        "socket.io.esm.min.js.map",
        "socket.io.msgpack.min.js",
        "socket.io.msgpack.min.js.map",
    }


@pytest.mark.parametrize(
    "name",
    [
        "", "/", "LICENSE", "socket.io", "socket.io.js/", "/socket.io.js", "SOCKET.IO.JS",
        "4/socket.io.js", "../secret.js", "../4/socket.io.js", "..\\secret.js",
        "socket.io.js\0", "%2e%2e/secret.js",
    ],
)  # fmt: skip
def test_other_names_are_not_ours(files: ClientFiles, name: str) -> None:
    assert files.find(name, "GET", {}) is None


def test_head_has_the_headers_of_get_and_no_body(files: ClientFiles) -> None:
    head = get(files, method="HEAD")
    assert head.body == b""
    assert head.status == "200 OK"
    assert head.headers == get(files).headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_refused(files: ClientFiles, method: str) -> None:
    response = get(files, method=method)
    assert response.status == "405 Method Not Allowed"
    assert header(response, "Allow") == "GET, HEAD"


class TestCompression:
    def test_gzip(self, files: ClientFiles) -> None:
        response = get(files, accept_encoding="gzip, deflate, br")
        assert header(response, "Content-Encoding") == "gzip"
        assert header(response, "Content-Length") == str(len(response.body))
        assert header(response, "Vary") == "Accept-Encoding"
        assert len(response.body) < len(SCRIPT)
        assert gzip.decompress(response.body) == SCRIPT

    def test_is_made_once(self, files: ClientFiles) -> None:
        first = get(files, accept_encoding="gzip")
        assert get(files, accept_encoding="gzip").body is first.body

    @pytest.mark.parametrize(
        ("value", "accepted"),
        [
            ("", False),
            ("gzip", True),
            ("GZIP", True),
            ("deflate, gzip;q=0.5", True),
            ("gzip ; q=0.001", True),
            ("gzip;q=0", False),
            ("gzip; q=0.000", False),
            ("gzip;q=", False),
            ("*", True),
            ("*;q=0", False),
            ("gzip;q=0, *", False),
            ("*;q=0, gzip", True),
            ("identity", False),
            ("br, deflate", False),
            ("notgzip", False),
        ],
    )
    def test_accept_encoding(self, value: str, accepted: bool) -> None:
        assert accepts_gzip(value) is accepted


class TestValidation:
    def test_known_version_is_not_sent_again(self, files: ClientFiles) -> None:
        etag = header(get(files), "ETag") or ""
        response = get(files, if_none_match=etag)
        assert response.status == "304 Not Modified"
        assert response.body == b""
        # RFC 9110, 15.4.5: what a cache needs, and nothing about a body that is not there.
        assert dict(response.headers) == {
            "ETag": etag,
            "Cache-Control": "public, max-age=0",
            "Vary": "Accept-Encoding",
        }

    def test_other_version_is_sent(self, files: ClientFiles) -> None:
        assert get(files, if_none_match='"other"').status == "200 OK"

    def test_tag_is_strong_and_follows_the_content(self, files: ClientFiles) -> None:
        script, source_map = (header(get(files, name), "ETag") or "" for name in
                              ("socket.io.js", "socket.io.js.map"))  # fmt: skip
        assert script.startswith('"') and script.endswith('"')
        assert script != source_map
        assert script == header(get(files, "socket.io.min.js"), "ETag")

    def test_each_coding_has_its_tag(self, files: ClientFiles) -> None:
        plain = header(get(files), "ETag") or ""
        gzipped = header(get(files, accept_encoding="gzip"), "ETag") or ""
        assert plain != gzipped
        assert get(files, if_none_match=gzipped, accept_encoding="gzip").status.startswith("304")
        assert get(files, if_none_match=gzipped).status.startswith("200")
        assert get(files, if_none_match=plain, accept_encoding="gzip").status.startswith("200")

    @pytest.mark.parametrize(
        ("value", "matched"),
        [
            ("", False),
            ('"a"', True),
            ('W/"a"', True),
            ('"b", "a"', True),
            ('"b" ,W/"a"', True),
            ("*", True),
            ('"b"', False),
            ('"aa"', False),
            ("a", False),
        ],
    )
    def test_if_none_match(self, value: str, matched: bool) -> None:
        assert matches(value, '"a"') is matched


class TestMissing:
    def test_says_how_to_get_it(self, tmp_path: Path) -> None:
        response = get(ClientFiles(tmp_path))
        assert response.status == "404 Not Found"
        assert header(response, "Content-Type") == "text/plain; charset=utf-8"
        assert header(response, "Content-Length") == str(len(response.body))
        assert b"make bundles" in response.body
        assert get(ClientFiles(tmp_path), method="HEAD").body == b""

    def test_is_found_once_it_is_there(self, tmp_path: Path) -> None:
        files = ClientFiles(tmp_path)
        assert get(files).status == "404 Not Found"
        (tmp_path / "4").mkdir()
        (tmp_path / "4" / "socket.io.js").write_bytes(SCRIPT)
        assert get(files).body == SCRIPT

    def test_is_read_once(self, files: ClientFiles, folder: Path) -> None:
        first = get(files)
        (folder / "4" / "socket.io.js").unlink()
        assert get(files).body is first.body


def test_the_fetched_client_is_found_by_default() -> None:
    response = get(ClientFiles(), "socket.io.min.js")
    if response.status == "404 Not Found":
        pytest.skip("the browser clients are not here: make bundles")
    assert b"Socket.IO v4." in response.body
