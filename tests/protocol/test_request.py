from __future__ import annotations

import pytest

from flask_realtime.exceptions import RequestError
from flask_realtime.protocol.request import ClientRequest, parse_request


@pytest.mark.parametrize(
    ("query", "request_"),
    [
        ({}, ClientRequest("eio4", "polling", None, False)),
        ({"sid": "abc", "t": "x1"}, ClientRequest("eio4", "polling", "abc", False)),
        ({"sid": ""}, ClientRequest("eio4", "polling", None, False)),
        ({"b64": "1"}, ClientRequest("eio4", "polling", None, True)),
        ({"b64": "0"}, ClientRequest("eio4", "polling", None, False)),
        ({"transport": "websocket"}, ClientRequest("eio4", "websocket", None, False)),
        # Whether it exists is for the engine to say.
        ({"transport": "pigeon"}, ClientRequest("eio4", "pigeon", None, False)),
    ],
)
def test_the_query_says_what_the_client_wants(
    query: dict[str, str], request_: ClientRequest
) -> None:
    assert parse_request({"EIO": "4", "transport": "polling"} | query) == request_


@pytest.mark.parametrize("query", [{}, {"EIO": "4"}, {"EIO": "4", "transport": ""}, {"EIO": "9"}])
def test_without_a_transport_it_is_code_0(query: dict[str, str]) -> None:
    with pytest.raises(RequestError) as caught:
        parse_request(query)
    assert caught.value.code == 0


@pytest.mark.parametrize("eio", [None, "", "2", "3", "5", "04", "4.0", " 4", "\u0664"])
def test_any_other_generation_is_code_5(eio: str | None) -> None:
    query = {"transport": "polling"} | ({} if eio is None else {"EIO": eio})
    with pytest.raises(RequestError) as caught:
        parse_request(query)
    assert caught.value.code == 5
