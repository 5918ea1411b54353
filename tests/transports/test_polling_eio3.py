"""Engine.IO 3 over polling, byte by byte: the clients 1.x and 2.x."""

from __future__ import annotations

import re

import pytest

from tests.support.app import Serve
from tests.support.http import Answer
from tests.support.old_wire import EIO3Client, packets_of, payload
from tests.support.server import Running
from tests.support.waiting import let_run, wait_until

TEXT = "text/plain; charset=UTF-8"
BYTES = "application/octet-stream"


def join(running: Running, query: str = "EIO=3") -> EIO3Client:
    """A client that has taken what it is told before it has said anything."""
    client = running.eio3(query)
    assert client.receive() == "40"
    return client


def headers_of(answer: Answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "date"}


def test_the_handshake_is_a_packet_behind_its_length(serve: Serve) -> None:
    running, _ = serve(ping_interval=3, ping_timeout=1.5)
    answer = running.http().get("/socket.io/?EIO=3&transport=polling&t=N8hyd6w")
    sid = running.session().sid
    packet = (
        f'0{{"sid":"{sid}","upgrades":["websocket"],"pingInterval":3000,"pingTimeout":1500,'
        '"maxPayload":1000000}'
    )
    assert answer.status == 200
    assert answer.body == f"{len(packet)}:{packet}".encode()
    assert headers_of(answer) == {
        "content-type": TEXT,
        "content-length": str(len(answer.body)),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "x-accel-buffering": "no",
    }


def test_a_client_of_the_first_years_gets_bytes_whatever_is_said(serve: Serve) -> None:
    """The clients 1.0 to 1.3 take a body of text for "ok"; later ones write ``t`` shorter."""
    running, app = serve()
    http, target = running.http(), "/socket.io/?EIO=2&transport=polling"
    opened = http.get(f"{target}&t=1416500000000-0")
    assert opened.headers["content-type"] == BYTES
    assert re.match(rb'\x00[\x00-\x09]{2,3}\xff0{"sid":"', opened.body)
    target += f"&sid={running.session().sid}"  # of what the handshake has said nothing is repeated
    assert http.get(target).body == b"\x00\x02\xff40"
    app.socket.emit("é")
    answer = http.get(target)
    assert answer.headers["content-type"] == BYTES
    assert answer.body == b"\x00\x01\x02\xff" + rb'42["\u00e9"]'
    app.socket.emit("x", b"\x01")
    head = b'451-["x",{"_placeholder":true,"num":0}]'
    assert http.get(target).body == b"\x00\x03\x09\xff" + head + b"\x01\x02\xff\x04\x01"


def test_the_root_namespace_is_joined_unasked(serve: Serve) -> None:
    running, app = serve()
    client = join(running)
    assert app.socket.id == client.sid


def test_text_is_ascii_whatever_it_says(serve: Serve) -> None:
    """The clients 1.x read other text in another way than the clients 2.x."""
    running, app = serve()
    client = join(running)
    app.socket.emit("é", "€😀\u2028")
    answer = client.poll()
    assert answer.body == rb'39:42["\u00e9","\u20ac\ud83d\ude00\u2028"]'
    assert answer.headers["content-type"] == TEXT


def test_several_packets_are_one_payload(serve: Serve) -> None:
    running, app = serve()
    client = join(running)
    app.socket.emit("a")
    app.socket.emit("b", 1)
    assert client.poll().body == b'7:42["a"]9:42["b",1]'


def test_with_binary_a_payload_is_bytes(serve: Serve) -> None:
    running, app = serve()
    client = join(running)
    app.socket.emit("x", b"\x01\x02")
    answer = client.poll()
    head = b'451-["x",{"_placeholder":true,"num":0}]'
    assert answer.body == b"\x00\x03\x09\xff" + head + b"\x01\x03\xff\x04\x01\x02"
    assert answer.headers["content-type"] == BYTES
    app.socket.emit("x")
    assert client.poll().body == b'7:42["x"]'


def test_a_client_that_asks_for_base64_gets_it(serve: Serve) -> None:
    running, app = serve()
    client = join(running, "EIO=3&b64=1")
    app.socket.emit("x", b"\x01\x02")
    answer = client.poll()
    assert answer.body == b'39:451-["x",{"_placeholder":true,"num":0}]6:b4AQI='
    assert answer.headers["content-type"] == TEXT


def test_a_post_is_answered_by_ok_in_a_type_that_no_browser_downloads(serve: Serve) -> None:
    running, app = serve()
    client = join(running)
    answer = client.post(b'12:42["note",1]13:42["note",22]')
    assert (answer.status, answer.body) == (200, b"ok")
    assert answer.headers["content-type"] == "text/html"
    assert answer.headers["x-content-type-options"] == "nosniff"
    wait_until(lambda: app.noted == [1, 22])


def test_lengths_are_counted_as_in_javascript(serve: Serve) -> None:
    running, app = serve()
    client = join(running)
    client.send('42["note","😀"]', '42["note","é\u2028"]')
    wait_until(lambda: app.noted == ["😀", "é\u2028"])


def test_text_that_was_encoded_twice_is_decoded_twice(serve: Serve) -> None:
    """The clients 1.x do that, over XMLHttpRequest, and count bytes."""
    running, app = serve()
    client = join(running)
    once = '42["note","é€😀 ÿ"]'.encode().decode("latin-1")
    assert client.post(payload(once)).status == 200
    wait_until(lambda: app.noted == ["é€😀 ÿ"])


def test_a_binary_body_is_taken_by_its_content_type(serve: Serve) -> None:
    running, app = serve()
    client = join(running)
    head = b'451-["note",{"_placeholder":true,"num":0}]'
    body = b"\x00\x04\x02\xff" + head + b"\x01\x03\xff\x04\x01\x02"
    assert client.post(body, {"Content-Type": BYTES}).status == 200
    wait_until(lambda: app.noted == [b"\x01\x02"])


def test_base64_in_a_text_body_is_binary(serve: Serve) -> None:
    running, app = serve()
    client = join(running)
    client.send('451-["note",{"_placeholder":true,"num":0}]', "b4AQI=")
    wait_until(lambda: app.noted == [b"\x01\x02"])


@pytest.mark.parametrize("content_type", ["", "text/plain", "text/plain;charset=UTF-8"])
def test_a_post_needs_no_content_type(serve: Serve, content_type: str) -> None:
    """XDomainRequest cannot name one."""
    running, app = serve()
    client = join(running)
    assert client.post(payload('42["note",1]'), {"Content-Type": content_type}).body == b"ok"
    wait_until(lambda: app.noted == [1])


def test_a_ping_is_answered_by_a_pong_with_its_data(serve: Serve) -> None:
    running, _ = serve()
    client = join(running)
    client.send("2")
    assert client.poll().body == b"1:3"
    client.send("2probe")
    assert client.poll().body == b"6:3probe"


def test_an_idle_poll_ends_with_a_noop(serve: Serve) -> None:
    running, app = serve()
    client = join(running)
    running.ask(client)
    running.pass_by(25)
    assert client.answer().body == b"1:6"
    assert app.reasons == []


def test_a_second_poll_ends_the_session(serve: Serve) -> None:
    running, app = serve()
    client = join(running)
    running.ask(client)
    second = running.http().get(client.target, client.headers)
    assert (second.status, second.json["name"]) == (400, "overlap")
    assert client.answer().body == b"1:1"
    assert app.reason() == "transport error"


def test_a_client_that_closes_gets_a_noop_for_its_poll(serve: Serve) -> None:
    running, app = serve()
    client = join(running)
    running.ask(client)
    client.send("1")
    assert client.answer().body == b"1:6"
    assert app.reason() == "transport close"


def test_when_the_server_closes_the_goodbye_comes_with_a_poll(serve: Serve) -> None:
    running, app = serve()
    client = join(running)
    app.socket.emit("last")
    app.socket.disconnect(close=True)
    packets = []
    while "1" not in packets:
        packets += packets_of(client.poll())
    assert packets == ['42["last"]', "41", "1"]
    let_run()
    assert not running.sessions


def test_foreign_pages_get_no_cors_headers_and_allowed_ones_their_own(serve: Serve) -> None:
    running, _ = serve(cors_allowed_origins="https://good.test")
    target = "/socket.io/?EIO=3&transport=polling"
    good = running.http().get(target, {"Origin": "https://good.test"})
    assert good.headers["access-control-allow-origin"] == "https://good.test"
    assert good.headers["access-control-allow-credentials"] == "true"
    bad = running.http().get(target, {"Origin": "https://evil.test"})
    assert bad.status == 403
    assert not any(name.startswith("access-control") for name in bad.headers)


def test_a_large_answer_is_compressed(serve: Serve) -> None:
    running, app = serve()
    client = join(running)
    client.headers["Accept-Encoding"] = "gzip, deflate"
    app.socket.emit("big", "x" * 5000)
    answer = client.poll()
    assert answer.headers["content-encoding"] == "gzip"
    assert re.fullmatch(r"\d+", answer.headers["content-length"])
    assert len(answer.body) < 200
