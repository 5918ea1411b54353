"""How many sessions an address may begin."""

from __future__ import annotations

from typing import Any

import pytest

from flask_realtime.engine.rates import HandshakeRate, network_of
from flask_realtime.exceptions import OptionError, RequestError
from flask_realtime.options import make_options
from flask_realtime.options.rates import RateLimit
from flask_realtime.transports.http import Request
from tests.support.app import Serve
from tests.support.time import FakeTime

HANDSHAKE = "/socket.io/?EIO=4&transport=polling"


class Door:
    """A limit of 1 per second, 2 at once."""

    def __init__(self) -> None:
        self.rate = HandshakeRate(RateLimit(rate="1/second", burst=2))
        self.time = FakeTime()
        self.clock = self.time.clock()

    def opens(self, address: str) -> bool:
        """Whether one more handshake is allowed."""
        request = Request({"REQUEST_METHOD": "GET", "REMOTE_ADDR": address}, {})
        try:
            self.rate.check(request, self.clock)
        except RequestError as error:
            assert (error.name, error.http_status[:3]) == ("too-many", "429")
            return False
        return True


def test_each_address_has_its_own_limit() -> None:
    door = Door()
    assert [door.opens("10.0.0.1") for _ in range(3)] == [True, True, False]
    assert door.opens("10.0.0.2")
    door.time.now += 1
    assert [door.opens("10.0.0.1") for _ in range(2)] == [True, False]


def test_without_an_address_there_is_no_limit() -> None:
    door = Door()
    assert all(door.opens("") for _ in range(5))


def test_who_came_longest_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flask_realtime.engine.rates._MAX_ADDRESSES", 2)
    door = Door()
    for address in ("10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.1", "10.0.0.3"):
        door.opens(address)
    assert not door.opens("10.0.0.1")
    assert [door.opens("10.0.0.2") for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "20010db800010002"),
        ("2001:db8:1:2::", "20010db800010002"),
        ("fe80::1%eth0", "fe80000000000000"),
        ("no:address", "no:address"),
    ],
)
def test_an_address_of_ipv6_counts_by_its_network(address: str, counted: str) -> None:
    assert network_of(address) == counted


def test_requests_of_a_session_and_other_requests_do_not_count(serve: Serve) -> None:
    running, _ = serve(handshake_rate_limit="2/hour")
    client = running.polling()
    assert client.post(b"40").status == 200
    client.get()
    assert running.http().get("/socket.io/?EIO=4&transport=nonsense").status == 400
    assert [running.http().get(HANDSHAKE).status for _ in range(2)] == [200, 429]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"rate": "1/second", "on_limit": "drop"}, "handshake_rate_limit has no on_limit"),
        (20, "handshake_rate_limit is a number of events per second"),
    ],
)
def test_a_bad_limit_is_refused(value: Any, why: str) -> None:
    with pytest.raises(OptionError, match=why):
        make_options(handshake_rate_limit=value)
