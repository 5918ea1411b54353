"""What a request says beside its body: its query, and the headers that decide something."""

from __future__ import annotations

import re
from typing import Any

import gevent
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_realtime.engine.origin import Origins
from flask_realtime.exceptions import RequestError
from flask_realtime.options import make_options
from flask_realtime.protocol.request import parse_request
from flask_realtime.transports.http import Request
from flask_realtime.wsgi.client_files import ClientFiles, not_found
from flask_realtime.wsgi.middleware import _parse_query
from flask_realtime.wsgi.proxy import behind_same_proxy

from .target import ACCEPTED, Target


def read_query(data: bytes) -> str:
    """The end of a path, and the query."""
    tail, _, text = data.decode("latin-1").partition("?")
    query = _parse_query(text)
    assert len(query) <= 100
    try:
        wanted = parse_request(tail, query)
    except RequestError as error:
        return f"RequestError {error.code}"
    assert wanted.sid != ""
    assert wanted.jsonp is None or re.fullmatch("[0-9]+", wanted.jsonp)
    return ACCEPTED


_PORT = re.compile(r":(80|443)\Z")
# No host lets those through: RFC 9110 section 5.5.
_CONTROLS = re.compile(r"[\0\r]")


def read_headers(data: bytes) -> dict[str, str]:
    """Meta-variables from lines such as ``Origin: x``, and those that every request has."""
    variables = {"REQUEST_METHOD": "GET", "wsgi.url_scheme": "http", "SERVER_NAME": "localhost"}
    variables.update(SERVER_PORT="80", HTTP_HOST="example.com", REMOTE_ADDR="127.0.0.1")
    for line in _CONTROLS.sub("", data.decode("latin-1")).split("\n"):
        name, _, value = line.partition(":")
        variables["HTTP_" + name.strip().upper().replace("-", "_")] = value.strip(" \t\r")
    return variables


def check_origins(data: bytes) -> str:
    """Who may connect, by each kind of option."""
    request = Request(read_headers(data), {})
    outcomes = {kind: _is_let_in(origins, request) for kind, origins in ORIGINS.items()}
    origin = request.header("origin").strip().lower()
    if origin and origin.isascii():
        own = outcomes["own"]
        # The client 0.9 for Node has no scheme there.
        host = _PORT.sub("", origin.partition("://")[2] or origin)
        if own:
            assert host == _PORT.sub("", request.host.lower()), origin
        elif outcomes["list"]:
            assert host == "a.example.net", origin
        elif outcomes["wildcard"]:
            assert re.fullmatch(r"[a-z0-9_.-]+\.example\.org", host), origin
    return ACCEPTED if any(outcomes.values()) else "RequestError 4"


def _is_let_in(origins: Origins, request: Request) -> bool:
    try:
        origins.check(request)
    except RequestError as error:
        assert error.code == 4
        gevent.sleep(0)  # what the log is told waits in greenlets
        return False
    for name, value in origins.headers(request):
        assert not re.search(r"[\r\n\0]", name + value)
    return True


def fix_proxy(data: bytes) -> str:
    """What a proxy says, where one is believed: werkzeug's reading of it, then ours."""
    environ = read_headers(data)
    outcome = ""

    def answer(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        nonlocal outcome
        request = Request(environ, {})
        assert request.address is not None
        outcome = ACCEPTED if _is_let_in(ORIGINS["own"], request) else "RequestError 4"
        return []

    fixed = ProxyFix(answer, x_for=1, x_proto=1, x_host=1, x_port=1, x_prefix=1)
    behind_same_proxy(fixed, answer)(environ, lambda *_: None)
    return outcome


def find_file(data: bytes) -> str:
    """A name, and the headers that choose an answer."""
    name, _, lines = data.decode("latin-1").partition("\n")
    headers = Request(read_headers(lines.encode("latin-1")), {}).headers
    response = FILES.find(name, "GET", headers, "4")
    if response is None:
        response = not_found("GET")
    for field in response.headers:
        assert not re.search(r"[\r\n\0]", "".join(field))
    return response.status[:3]


# The table

FILES = ClientFiles()
ORIGINS = {
    kind: Origins(make_options(cors_allowed_origins=allowed).cors_allowed_origins, False, hosts)
    for kind, allowed, hosts in (
        ("own", None, None),
        ("list", ["http://a.example.net", "https://a.example.net"], None),
        ("wildcard", ["https://*.example.org"], None),
        ("trusted", "*", ("example.com", ".example.net")),
    )
}
QUERIES = (
    b"?EIO=4&transport=polling",
    b"?EIO=4&transport=websocket&sid=abcdefghijklmnopqrst&b64=1&t=x",
    b"?" + b"a=1&" * 98 + b"EIO=4&transport=polling",
    *(b"?transport=polling&EIO=3&j=0", b"?EIO=4", b"?EIO=4;a=b", b"?transport=polling"),
    *(b"1/?t=1", b"1?jsonp=0", b"1/xhr-polling/abcdefghijklmnopqrst?t=1&disconnect"),
    *(b"1/jsonp-polling/abcdefghijklmnopqrst/?i=0", b"1/websocket/abcdefghijklmnopqrst", b"2/"),
)
QUERY_TOKENS = (
    *(b"&", b"?", b"/", b"&j=", b"\xb2", b"\xd9\xa3", b"=", b"%", b"%00", b"%zz", b"+", b";"),
    *(b"EIO=4", b"&transport=polling"),
)
HEADERS = (
    *(b"Origin: http://example.com", b"Origin: https://a.example.org", b"Origin: null"),
    *(b"Origin: http://a.example.net:80", b"Origin: ws://EXAMPLE.com"),
    b"Sec-Fetch-Site: cross-site",
    b"Host: example.com:80\nOrigin: http://example.com\nX-Forwarded-Proto: https",
    b"X-Forwarded-For: 1.2.3.4, 5.6.7.8\nX-Forwarded-Host: a.example.org\n"
    b"X-Forwarded-Proto: https\nX-Forwarded-Port: 8443\nX-Forwarded-Prefix: /app\n"
    b"Origin: https://a.example.org:8443",
    b"Host: [::1]:5000\nOrigin: http://[::1]:5000",
    b"Host: b\xc3\xa9.example.net\nOrigin: http://x",
)
HEADER_TOKENS = (
    *(b"\n", b":", b"://", b"@", b"/", b"*", b".", b"[", b"]", b"#", b"?", b"\\", b",", b":80"),
    *(b"Origin: ", b"Host: ", b"X-Forwarded-Host: ", b"https://", b".example.org", b"example.com"),
    *(b"xn--", b"\xe9", b"X-Forwarded-Port: -1", b"X-Forwarded-Prefix: ", b"a" * 70, b"null"),
)
NAMES = (
    b"socket.io.js\nAccept-Encoding: gzip, deflate, br",
    b"socket.io.min.js.map\nIf-None-Match: *",
    b'socket.io.js\nAccept-Encoding: *;q=0.5, gzip;q=0, identity\nIf-None-Match: W/"a", "b"',
    *(b"v1/socket.io.min.js", b"v0.9/socket.io.js", b"v/", b"../../etc/passwd"),
    *(b"socket.io.esm.min.js", b"x.js"),
)
NAME_TOKENS = (
    *(b"q=", b"q=nan", b"q=inf", b"q=1e999", b"q=1_0", b"q=\xb2", b"q=-1", b";", b",", b"gzip"),
    *(b"*", b"../", b"%2e", b"\r", b"\0", b"\nAccept-Encoding: ", b"\nIf-None-Match: "),
)

REQUEST_TARGETS: dict[str, Target] = {
    "query": Target(read_query, QUERIES, QUERY_TOKENS),
    "origins": Target(check_origins, HEADERS, HEADER_TOKENS),
    "forwarded": Target(fix_proxy, HEADERS, HEADER_TOKENS),
    "client files": Target(find_file, NAMES, NAME_TOKENS),
}
