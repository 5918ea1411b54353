"""The browser clients as they are served: names, bytes, tags, codings, and what is not ours."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from flask_realtime.exceptions import OptionError
from flask_realtime.options.checks import CLIENT_VERSIONS
from flask_realtime.transports.http import Response
from flask_realtime.wsgi.client_files import (
    GENERATIONS,
    ClientFiles,
    accepts_gzip,
    matches,
    not_found,
    script_of,
)

JAVASCRIPT = "text/javascript; charset=utf-8"
TYPES = {
    ".js": JAVASCRIPT,
    ".map": "application/json",
    ".swf": "application/x-shockwave-flash",
}
SCRIPT = b"4/socket.io.js " * 100

# What is asked for, and the file that answers; without a folder, clients of generation 4 are meant.
NAMES = {
    "socket.io.js": "4/socket.io.js",
    "socket.io.js.map": "4/socket.io.js.map",
    "socket.io.min.js": "4/socket.io.min.js",
    "socket.io.min.js.map": "4/socket.io.min.js.map",
    "socket.io.esm.min.js": "4/socket.io.esm.min.js",
    "socket.io.esm.min.js.map": "4/socket.io.esm.min.js.map",
    "socket.io.msgpack.min.js": "4/socket.io.msgpack.min.js",
    "socket.io.msgpack.min.js.map": "4/socket.io.msgpack.min.js.map",
    "v4/socket.io.js": "4/socket.io.js",
    "v4/socket.io.msgpack.min.js": "4/socket.io.msgpack.min.js",
    "v2/socket.io.js": "2/socket.io.js",
    "v2/socket.io.js.map": "2/socket.io.js.map",
    "v2/socket.io.min.js": "2/socket.io.js",
    "v2/socket.io.dev.js": "2/socket.io.dev.js",
    "v2/socket.io.dev.js.map": "2/socket.io.dev.js.map",
    "v1/socket.io.js": "1/socket.io.js",
    "v1/socket.io.js.map": "1/socket.io.js.map",
    "v1/socket.io.min.js": "1/socket.io.min.js",
    "v0.9/socket.io.js": "0.9/socket.io.js",
    "v0.9/socket.io.min.js": "0.9/socket.io.min.js",
    "socket.io.v0.9.17.js": "0.9/socket.io.js",
    "socket.io.v0.9.6.js": "0.9/socket.io.js",
    "socket.io+websocket.js": "0.9/socket.io.js",
    "socket.io+websocket+xhr-polling.v0.8.7.js": "0.9/socket.io.js",
    "static/flashsocket/WebSocketMain.swf": "0.9/WebSocketMain.swf",
    "static/flashsocket/WebSocketMainInsecure.swf": "0.9/WebSocketMainInsecure.swf",
}
FILES = sorted(
    {f"{client}/{file}" for client, one in GENERATIONS.items() for file in one.files.values()}
    | {"0.9/WebSocketMain.swf", "0.9/WebSocketMainInsecure.swf"}
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """All generations, each file with its own name in it, and some that nobody may get."""
    for name in [*FILES, "4/LICENSE", "secret.js"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(f"{name} ".encode() * 100)
    return tmp_path


@pytest.fixture
def files(folder: Path) -> ClientFiles:
    return ClientFiles(folder)


def get(files: ClientFiles, name: str = "socket.io.js", method: str = "GET", **headers: str):
    """Ask for a file that must be one of ours; ``accept_encoding`` stands for the header."""
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    response = files.find(name, method, named, "4")
    assert response is not None
    return response


def header(response: Response, name: str) -> str | None:
    values = [value for key, value in response.headers if key == name]
    assert len(values) < 2
    return values[0] if values else None


@pytest.mark.parametrize(("name", "file"), NAMES.items())
def test_every_name_has_its_file(files: ClientFiles, name: str, file: str) -> None:
    response = get(files, name)
    assert response.status == "200 OK"
    assert response.body == f"{file} ".encode() * 100
    assert header(response, "Content-Type") == TYPES[Path(file).suffix]
    assert header(response, "Content-Length") == str(len(response.body))
    assert header(response, "Cache-Control") == "public, max-age=0"
    assert header(response, "Vary") == (None if file.endswith(".swf") else "Accept-Encoding")
    assert header(response, "X-Content-Type-Options") == "nosniff"
    assert header(response, "Content-Encoding") is None


@pytest.mark.parametrize("client", GENERATIONS)
def test_what_is_asked_for_without_a_folder_is_of_the_generation_that_is_meant(
    files: ClientFiles, client: str
) -> None:
    for name, file in GENERATIONS[client].files.items():
        response = files.find(name, "GET", {}, client)
        assert response is not None
        assert response.body.startswith(f"{client}/{file} ".encode())


@pytest.mark.parametrize("client", GENERATIONS)
def test_names_that_say_their_generation_have_it_whatever_is_meant(
    files: ClientFiles, client: str
) -> None:
    for name, file in NAMES.items():
        if "/" not in name and "0." not in name and "+" not in name:
            continue
        response = files.find(name, "GET", {}, client)
        assert response is not None
        assert response.body.startswith(f"{file} ".encode())


@pytest.mark.parametrize(
    ("name", "client"),
    [
        ("socket.io.js", "3"),
        ("socket.io.js", ""),
        ("socket.io.js", "v4"),
        ("socket.io.js", "../4"),
        ("socket.io.esm.min.js", "1"),
        ("socket.io.min.js.map", "2"),
    ],
)
def test_a_generation_that_is_not_here_and_a_build_that_it_lacks(
    files: ClientFiles, name: str, client: str
) -> None:
    assert files.find(name, "GET", {}, client) is None


def test_every_generation_may_be_chosen_as_an_option() -> None:
    assert tuple(GENERATIONS) == CLIENT_VERSIONS


@pytest.mark.parametrize("client", GENERATIONS)
@pytest.mark.parametrize("minified", [True, False])
def test_the_script_of_each_generation_is_there(
    files: ClientFiles, client: str, minified: bool
) -> None:
    name = script_of(client, minified)
    assert name.startswith(f"v{client}/socket.io.")
    assert (".min." in name) is minified
    assert get(files, name).status == "200 OK"


def test_there_is_no_script_of_a_generation_that_is_not_here() -> None:
    with pytest.raises(OptionError, match=r"no client '3' here, but: 0\.9, 1, 2, 4"):
        script_of("3", minified=True)


def test_what_is_not_found_is_answered_by_what_is_there() -> None:
    response = not_found("GET")
    assert response.status == "404 Not Found"
    assert header(response, "Content-Type") == "text/plain; charset=utf-8"
    text = response.body.decode()
    for name in NAMES:
        folder, slash, file = name.partition("/")
        assert not slash or folder == "static" or f"{folder}/  " in text and file in text
    assert "?client=" in text
    assert not_found("HEAD").body == b""


@pytest.mark.parametrize(
    "name",
    [
        "", "/", "LICENSE", "socket.io", "socket.io.js/", "/socket.io.js", "SOCKET.IO.JS",
        "4/socket.io.js", "../secret.js", "../4/socket.io.js", "..\\secret.js",
        "socket.io.js\0", "%2e%2e/secret.js",
        "v3/socket.io.js", "v/socket.io.js", "vv4/socket.io.js", "V4/socket.io.js",
        "v4//socket.io.js", "v4/LICENSE", "v4/../secret.js", "v4/v4/socket.io.js",
        "v../secret.js", "v../4/socket.io.js", "v4.8/socket.io.js", "v1/socket.io.esm.min.js",
        "v0.9/WebSocketMain.swf", "WebSocketMain.swf", "static/WebSocketMain.swf",
        "static/flashsocket/socket.io.js", "static/flashsocket/../secret.js",
        "socket.io.v1.7.4.js", "socket.io.v0.9.js", "socket.io.v0.9.17.min.js",
        "socket.io+.js", "socket.io+../secret.js", "v0.9/socket.io.v0.9.17.js",
    ],
)  # fmt: skip
def test_other_names_are_not_ours(files: ClientFiles, name: str) -> None:
    assert files.find(name, "GET", {}, "4") is None


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

    def test_flash_files_are_compressed_in_themselves(self, files: ClientFiles) -> None:
        name = "static/flashsocket/WebSocketMain.swf"
        assert get(files, name, accept_encoding="gzip") == get(files, name)

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
        script, of_1, of_2, min_of_2 = (
            header(get(files, name), "ETag") or ""
            for name in ("socket.io.js", "v1/socket.io.js", "v2/socket.io.js",
                         "v2/socket.io.min.js")
        )  # fmt: skip
        assert script.startswith('"') and script.endswith('"')
        assert len({script, of_1, of_2}) == 3
        assert of_2 == min_of_2

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


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("socket.io.js", b"Socket.IO v4.8."),
        ("v4/socket.io.min.js", b"Socket.IO v4.8."),
        ("v2/socket.io.min.js", b"Socket.IO v2.5.0"),
        ("v1/socket.io.js", b"encodeAsBinary"),
        ("v0.9/socket.io.min.js", b"Socket.IO.min.js build:0.9.17"),
        ("static/flashsocket/WebSocketMain.swf", b"CWS"),
    ],
)
def test_the_fetched_clients_are_found_by_default(name: str, said: bytes) -> None:
    response = get(ClientFiles(), name)
    if response.status == "404 Not Found":
        pytest.skip("the browser clients are not here: make bundles")
    assert said in response.body
