"""A server process that is told to stop, seen from outside."""

from __future__ import annotations

import signal
from collections import Counter

import pytest

from tests.load.drain import SERVERS, Drained, drain
from tests.load.process import Application
from tests.load.wires import CLOSE, dial, frame, read_until, request, text, websocket

CLIENTS = 100

TOLD = Counter({"close 1001": CLIENTS // 2, "200 1": CLIENTS // 2})
LEFT = Counter({"server shutting down": CLIENTS})


def _check(drained: Drained) -> None:
    assert drained.seen == TOLD
    assert drained.left == LEFT
    assert drained.twice == 0
    assert drained.page == "200 done"
    assert drained.newcomer in ("refused", "503")
    assert drained.status == 0


@pytest.mark.parametrize("name", SERVERS)
def test_each_client_is_told_once_that_the_server_stops(name: str) -> None:
    with Application(*SERVERS[name]) as server:
        _check(drain(server, CLIENTS))
        assert not [line for line in server.log.lines if "Traceback" in line]


def test_ctrl_c_does_the_same() -> None:
    with Application() as server:
        _check(drain(server, CLIENTS, signal.SIGINT))


def test_a_second_signal_changes_nothing() -> None:
    with Application(leaving=0.3) as server:
        client = websocket(server.port)
        server.stop()
        assert read_until(client, b"\x88\x02\x03\xe9")
        server.stop()
        client.sendall(frame(CLOSE, b"\x03\xe9"))
        assert server.end() == 0
        assert len([line for line in server.log.lines if line.startswith("left")]) == 1
        assert server.log.lines[-1] == "over"
        client.close()


def test_a_handler_that_does_not_end_does_not_hold_up_the_end() -> None:
    with Application() as server:
        client, other = websocket(server.port), websocket(server.port)
        client.sendall(text('42["work",60]'))
        server.wait_for("^working 60")
        server.stop()
        for each in (client, other):
            assert read_until(each, b"\x88\x02\x03\xe9")
            each.sendall(frame(CLOSE, b"\x03\xe9"))
        assert server.end() == 0
        # It would come after the handler that does not end.
        assert len([line for line in server.log.lines if line.startswith("left")]) == 1
        client.close()
        other.close()


def test_a_request_that_does_not_end_is_cut_off_when_its_time_is_over() -> None:
    with Application() as server:
        page, client = dial(server.port), websocket(server.port)
        page.sendall(request("GET", "/slow?seconds=60"))
        server.wait_for("^slow request")
        server.stop()
        assert read_until(client, b"\x88\x02\x03\xe9")
        client.sendall(frame(CLOSE, b"\x03\xe9"))
        assert server.end() == 0
        assert b"done" not in page.recv(65536)
        page.close()
        client.close()


def test_clients_that_do_not_answer_the_close_do_not_hold_up_the_end() -> None:
    with Application() as server:
        silent = [websocket(server.port) for _ in range(10)]
        server.stop()
        for client in silent:
            assert read_until(client, b"\x88\x02\x03\xe9")
        assert server.end() == 0
        for client in silent:
            client.close()
