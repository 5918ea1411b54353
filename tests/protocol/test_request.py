"""From path and query to the generation of the client: each generation's requests, as its clients
make them."""

from __future__ import annotations

import pytest

from flask_realtime.exceptions import RequestError
from flask_realtime.protocol.request import ClientRequest, parse_request, user_query

POLLING = {"transport": "polling"}
WEBSOCKET = {"transport": "websocket"}
SID = "8A_va1Dw6MHssPnv5EmA"


def engine_io(
    dialect: str, transport: str = "polling", sid: str | None = None, base64: bool = False
) -> ClientRequest:
    return ClientRequest(dialect, transport, sid, base64)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        # 3.x and 4.x
        ({"EIO": "4", **POLLING}, engine_io("eio4")),
        ({"EIO": "4", **POLLING, "sid": SID, "t": "x1"}, engine_io("eio4", sid=SID)),
        ({"EIO": "4", **POLLING, "sid": ""}, engine_io("eio4")),
        ({"EIO": "4", **POLLING, "b64": "1"}, engine_io("eio4", base64=True)),
        ({"EIO": "4", **POLLING, "b64": "0"}, engine_io("eio4")),
        ({"EIO": "4", **WEBSOCKET}, engine_io("eio4", "websocket")),
        # They have no JSONP, and a key of that name is their page's.
        ({"EIO": "4", **POLLING, "j": "0"}, engine_io("eio4")),
        ({"EIO": "4", **POLLING, "j": "alert"}, engine_io("eio4")),
        # 1.x and 2.x
        ({"EIO": "3", **POLLING, "t": "N8hyd6w"}, engine_io("eio3")),
        ({"EIO": "3", **POLLING, "sid": SID}, engine_io("eio3", sid=SID)),
        ({"EIO": "3", **POLLING, "b64": "1"}, engine_io("eio3", base64=True)),
        ({"EIO": "3", **WEBSOCKET, "sid": SID}, engine_io("eio3", "websocket", SID)),
        ({"EIO": "3", **WEBSOCKET, "b64": "1"}, engine_io("eio3", "websocket", base64=True)),
        ({"EIO": "2", **WEBSOCKET}, engine_io("eio3", "websocket")),
        # Clients in other languages that do not say it
        (POLLING, engine_io("eio3")),
        ({**WEBSOCKET, "sid": SID}, engine_io("eio3", "websocket", SID)),
    ],
)
def test_the_query_says_what_a_client_with_engine_io_wants(
    query: dict[str, str], expected: ClientRequest
) -> None:
    assert parse_request("", query) == expected
    assert parse_request("any/path/", query) == expected  # as Node's servers have it


OLD = "1416500000000-0"


@pytest.mark.parametrize(
    ("query", "binary"),
    [
        ({"EIO": "2", "t": OLD}, True),  # 1.0 in browsers
        ({"EIO": "3", "t": OLD}, True),  # 1.1 to 1.3, and socketIO-client 0.7
        ({"t": "1416500000000-123"}, True),
        ({"EIO": "3", "t": "635520968000000000-7"}, True),  # .NET counts in other units
        ({"EIO": "3", "t": OLD, "b64": "1"}, False),  # where a browser has no ArrayBuffer
        ({"EIO": "3", "t": OLD, "j": "0"}, False),
        ({"EIO": "3", "t": OLD, "sid": SID}, False),  # the handshake has said it
        ({"EIO": "3", "t": OLD, "transport": "websocket"}, False),
        ({"EIO": "4", "t": OLD}, False),
        ({"EIO": "3", "t": "N8hyd6w"}, False),  # from 1.4 on
        ({"EIO": "3", "t": "N8hyd6w.1"}, False),
        ({"EIO": "3", "t": "1416500000.123"}, False),  # python-engineio
        ({"EIO": "3", "t": "1416500000000"}, False),
        ({"EIO": "3", "t": OLD + "x"}, False),
        ({"EIO": "3", "t": ""}, False),
        ({"EIO": "3"}, False),
    ],
)
def test_an_old_timestamp_says_that_polling_bodies_have_to_be_binary(
    query: dict[str, str], binary: bool
) -> None:
    assert parse_request("", {**POLLING, **query}).binary is binary


@pytest.mark.parametrize("eio", ["3", "2"])
@pytest.mark.parametrize("index", ["0", "7", "123456789012345"])
def test_jsonp_is_polling_with_an_index_and_binary_as_text(eio: str, index: str) -> None:
    query = {"EIO": eio, **POLLING, "j": index, "sid": SID}
    assert parse_request("", query) == ClientRequest("eio3", "jsonp-polling", SID, True, index)


def test_a_websocket_has_no_jsonp() -> None:
    query = {"EIO": "3", **WEBSOCKET, "j": "x"}
    assert parse_request("", query) == engine_io("eio3", "websocket")


@pytest.mark.parametrize(
    ("tail", "query", "expected"),
    [
        ("1", {}, ClientRequest("sio09", "", None)),
        ("1/", {"t": "1"}, ClientRequest("sio09", "", None)),
        ("1/", {"jsonp": "3"}, ClientRequest("sio09", "", None, jsonp="3")),
        ("1/xhr-polling", {}, ClientRequest("sio09", "", None)),
        ("1/xhr-polling/", {}, ClientRequest("sio09", "", None)),
        (f"1/xhr-polling/{SID}", {"t": "1"}, ClientRequest("sio09", "polling", SID)),
        (f"1/xhr-polling/{SID}/", {}, ClientRequest("sio09", "polling", SID)),
        (f"1/websocket/{SID}", {}, ClientRequest("sio09", "websocket", SID)),
        (f"1/flashsocket/{SID}", {}, ClientRequest("sio09", "flashsocket", SID)),
        (f"1/htmlfile/{SID}", {}, ClientRequest("sio09", "htmlfile", SID)),
        (f"1/xhr-multipart/{SID}", {}, ClientRequest("sio09", "xhr-multipart", SID)),
        (
            f"1/jsonp-polling/{SID}",
            {"i": "4"},
            ClientRequest("sio09", "jsonp-polling", SID, jsonp="4"),
        ),
        (f"1/jsonp-polling/{SID}", {}, ClientRequest("sio09", "jsonp-polling", SID, jsonp="0")),
        # A page that is being closed, which may not know its transport
        (f"1//{SID}/", {"disconnect": "1"}, ClientRequest("sio09", "", SID, leaves=True)),
        (
            f"1/xhr-polling/{SID}",
            {"disconnect": ""},
            ClientRequest("sio09", "polling", SID, leaves=True),
        ),
        # The path decides: the query is the page's.
        (
            f"1/xhr-polling/{SID}",
            {"EIO": "4", **WEBSOCKET, "sid": "another", "b64": "1", "j": "x"},
            ClientRequest("sio09", "polling", SID),
        ),
    ],
)
def test_the_path_says_what_a_client_before_engine_io_wants(
    tail: str, query: dict[str, str], expected: ClientRequest
) -> None:
    assert parse_request(tail, query) == expected


@pytest.mark.parametrize(
    ("tail", "query"),
    [
        ("", {}),
        ("", {"EIO": "4"}),
        ("", {"EIO": "4", "transport": ""}),
        ("", {"EIO": "3", "transport": "jsonp-polling"}),
        ("", {"EIO": "4", "transport": "htmlfile"}),
        ("", {"transport": "pigeon"}),
        ("1/pigeon", {}),
        ("1/pigeon/", {}),
        (f"1/polling/{SID}", {}),
        (f"1/pigeon/{SID}", {}),
        (f"1//{SID}/", {}),
        ("xhr-polling/", {}),  # 0.6
    ],
)
def test_a_transport_that_is_missing_or_unknown_is_code_0(tail: str, query: dict[str, str]) -> None:
    with pytest.raises(RequestError) as caught:
        parse_request(tail, query)
    assert (caught.value.code, caught.value.name) == (0, "unknown-transport")


BAD_INDEXES = ["", "-1", "+1", "1.0", "x", "0]", "1e3", " 1", "\u0663", "\u00b2", "1" * 16]


@pytest.mark.parametrize("index", BAD_INDEXES)
@pytest.mark.parametrize(
    ("tail", "query", "key"),
    [
        ("", {"EIO": "3", **POLLING}, "j"),
        ("1/", {}, "jsonp"),
        (f"1/jsonp-polling/{SID}", {}, "i"),
    ],
)
def test_the_index_of_a_callback_is_of_digits_only(
    tail: str, query: dict[str, str], key: str, index: str
) -> None:
    with pytest.raises(RequestError) as caught:
        parse_request(tail, {**query, key: index})
    assert caught.value.name == "bad-index"
    assert "0]" not in str(caught.value)


@pytest.mark.parametrize(
    ("tail", "query", "told", "logged"),
    [
        ("", {"EIO": "5", **POLLING}, "EIO=5", "EIO='5'"),
        ("", {"EIO": "1", **POLLING}, "EIO=1", "EIO='1'"),
        ("", {"EIO": "04", **POLLING}, "EIO=04", "EIO='04'"),
        ("", {"EIO": "", **POLLING}, "EIO is no number", "EIO=''"),
        ("", {"EIO": "4.0", **POLLING}, "EIO is no number", "EIO='4.0'"),
        ("", {"EIO": " 4", **POLLING}, "EIO is no number", "EIO=' 4'"),
        ("", {"EIO": "\u0664", **POLLING}, "EIO is no number", "EIO='\u0664'"),
        ("", {"EIO": "<b>" * 20, **POLLING}, "EIO is no number", "EIO='<b><b><b>"),
        ("", {"EIO": "9"}, "EIO=9", "EIO='9'"),
        ("2/", {}, "protocol=2", "protocol='2'"),
        (f"0/xhr-polling/{SID}", {}, "protocol=0", "protocol='0'"),
        ("\u0661/", {}, "protocol is no number", "protocol='\u0661'"),
    ],
)
def test_an_unknown_generation_is_told_what_was_seen_and_what_is_spoken(
    tail: str, query: dict[str, str], told: str, logged: str
) -> None:
    with pytest.raises(RequestError) as caught:
        parse_request(tail, query)
    assert (caught.value.code, caught.value.name) == (5, "bad-version")
    spoken = "spoken are EIO=4, 3 and 2, and protocol=1"
    assert str(caught.value) == f"Unsupported protocol version: {told}; {spoken}"
    assert caught.value.detail.startswith(logged)
    assert caught.value.detail.endswith(spoken)


def test_the_query_of_the_page_is_what_the_protocol_does_not_use() -> None:
    query = {"EIO": "3", **POLLING, "sid": SID, "t": "1", "j": "0", "b64": "1", "token": "x"}
    assert user_query(query) == {"token": "x"}
    assert user_query({"i": "0", "jsonp": "1", "disconnect": "1", "room": ""}) == {"room": ""}
