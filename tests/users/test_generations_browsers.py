"""What old browsers, and clients in other languages, leave out or say in their own way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.app import Serve, serving_apps
from tests.support.old_wire import framed, payload
from tests.support.waiting import wait_until

GOOD = "https://good.test"


@pytest.fixture
def serve() -> Iterator[Serve]:
    with serving_apps() as start:
        yield start


# XDomainRequest of Internet Explorer 8 and 9 names no Content-Type, sends no cookie, but an Origin.


def test_a_client_1_x_by_xdomainrequest(serve: Serve) -> None:
    running, app = serve(cors_allowed_origins=GOOD, cookie="io")
    client = running.eio3(headers={"Origin": GOOD})
    assert client.receive() == "40"
    answer = client.post(payload('42["note",1]', '42["note","é"]'), {"Content-Type": ""})
    assert (answer.status, answer.body) == (200, b"ok")
    assert answer.headers["access-control-allow-origin"] == GOOD
    wait_until(lambda: app.noted == [1, "é"])


def test_a_client_0_9_by_xdomainrequest(serve: Serve) -> None:
    running, app = serve(cors_allowed_origins=GOOD, cookie="io")
    client = running.client_09(headers={"Origin": GOOD})
    assert client.receive() == "1::"
    notes = [f'5:::{{"name":"note","args":["{text}"]}}' for text in ("a", "é")]
    answer = client.post(framed(*notes).encode(), {"Content-Type": ""})
    assert (answer.status, answer.body) == (200, b"1")
    assert answer.headers["access-control-allow-origin"] == GOOD
    wait_until(lambda: app.noted == ["a", "é"])


@pytest.mark.parametrize(
    "origin", ["ws://127.0.0.1:PORT", "WS://127.0.0.1:PORT", "http://127.0.0.1:PORT"]
)
@pytest.mark.parametrize(
    "target", ["?EIO=4&transport=polling", "?EIO=3&transport=polling", "?transport=polling", "1/"]
)
def test_an_origin_of_websockets_is_that_of_http(serve: Serve, target: str, origin: str) -> None:
    """The clients in Swift say ``wss://``."""
    running, _ = serve()
    own = {"Origin": origin.replace("PORT", str(running.port))}
    assert running.http().get(f"/socket.io/{target}", own).status == 200
    foreign = {"Origin": "ws://evil.test"}
    assert running.http().get(f"/socket.io/{target}", foreign).status == 403


@pytest.mark.parametrize("target", ["?EIO=3&transport=polling", "1/"])
def test_an_allowed_origin_of_websockets_is_that_of_http_too(serve: Serve, target: str) -> None:
    running, _ = serve(cors_allowed_origins=GOOD)
    answer = running.http().get(f"/socket.io/{target}", {"Origin": "wss://good.test"})
    assert answer.status == 200


@pytest.mark.parametrize(
    ("target", "protocol"),
    [
        ("?EIO=4&transport=polling", 4),
        ("?EIO=3&transport=polling", 3),
        ("?EIO=2&transport=polling", 3),
        ("?transport=polling", 3),
        ("?transport=polling&b64=1", 3),
        ("1/", 1),
        ("1/?EIO=4&transport=polling", 1),
    ],
)
def test_the_application_can_ask_for_the_generation(
    serve: Serve, target: str, protocol: int
) -> None:
    running, _ = serve()
    assert running.http().get(f"/socket.io/{target}").status == 200
    assert running.session().dialect.protocol == protocol
