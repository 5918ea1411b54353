"""How many events a client may send: the bucket, the limits of handlers, that of a client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from flask_realtime import Events, SocketIO, signals
from flask_realtime.engine.rates import Bucket
from flask_realtime.exceptions import EventError, OptionError
from flask_realtime.options import make_options
from flask_realtime.options.rates import RateLimit
from tests.support.application import Client, Site
from tests.support.waiting import wait_until

TOO_MUCH = '[{"error":"rate limit"}]'


def taken(bucket: Bucket, at: float) -> int:
    """How many events a rate of 2 per second with a burst of 4 allows at a time."""
    count = 0
    while bucket.take(2.0, 4, at):
        count += 1
    return count


def test_a_bucket_holds_a_burst_and_fills_with_time() -> None:
    bucket = Bucket(4, 100.0)
    assert taken(bucket, 100.0) == 4
    assert taken(bucket, 100.4) == 0
    assert taken(bucket, 100.5) == 1
    assert taken(bucket, 102.0) == 3
    assert taken(bucket, 1000.0) == 4


def answers(client: Client, count: int, event: str = "x") -> list[str]:
    """What a client gets that asks so often, all at once; without the packets' numbers."""
    client.send(*(f'42{number}["{event}"]' for number in range(count)))
    return [str(client.receive())[3:] for _ in range(count)]


# A handler's


@pytest.fixture
def calls(site: Site) -> list[int]:
    """The calls of a handler that takes 2 per second, 3 at once."""
    seen: list[int] = []

    @site.io.on("x", rate="2/second", burst=3)
    def x() -> None:
        seen.append(1)

    return seen


def test_what_is_too_much_is_answered_and_not_handled(site: Site, calls: list[int]) -> None:
    let_pass = site.stop_time()
    client = site.client()
    assert answers(client, 5) == ["[]"] * 3 + [TOO_MUCH] * 2
    let_pass(1)
    assert answers(client, 3) == ["[]"] * 2 + [TOO_MUCH]
    assert len(calls) == 5
    assert site.io.server.limited == 3


def test_each_client_has_its_own(site: Site, calls: list[int]) -> None:
    site.stop_time()
    first, second = site.client(), site.client()
    assert answers(first, 4)[-1] == TOO_MUCH
    assert answers(second, 3) == ["[]"] * 3


def test_other_events_are_not_counted(site: Site, calls: list[int]) -> None:
    site.stop_time()
    client = site.client()
    assert answers(client, 5, "sync") == ["[]"] * 5
    assert answers(client, 3) == ["[]"] * 3


def test_joining_again_is_no_way_around(site: Site, calls: list[int]) -> None:
    site.stop_time()
    client = site.client()
    answers(client, 3)
    client.send("41")
    client.wire.connect()
    assert answers(client, 1) == [TOO_MUCH]


def test_nothing_is_kept_for_a_client_that_met_no_limit(site: Site, calls: list[int]) -> None:
    client = site.client()
    assert client.got_nothing()
    assert site.socket(client).client.buckets is None


def test_who_drops_says_nothing(site: Site) -> None:
    site.stop_time()
    site.io.on("x", lambda: None, rate="1/minute", on_limit="drop")
    client = site.client()
    assert client.ask('421["x"]') == "431[]"
    client.send('422["x"]', '42["x"]')
    assert client.got_nothing()
    assert site.io.server.limited == 2


def test_who_is_sent_away_is_told_so_and_heard_no_more(site: Site) -> None:
    seen: list[str] = []
    site.io.on("x", lambda: seen.append("x"), rate="1/minute", on_limit="disconnect")
    site.io.on("disconnect", seen.append)
    client = site.client()
    client.send(*['42["x"]'] * 4)
    assert client.receive() == "41"
    site.wait_empty()
    wait_until(lambda: len(seen) > 1, what="the end is handled")
    assert seen == ["x", "server namespace disconnect"]
    assert site.io.server.limited == 1


def test_a_listener_of_a_socket_has_one_too(site: Site) -> None:
    site.stop_time()
    client = site.client()
    site.socket(client).on("x", lambda: "yes", rate="1/second")
    assert answers(client, 2) == ['["yes"]', TOO_MUCH]


def test_a_limit_for_all_that_has_no_handler(site: Site) -> None:
    site.stop_time()
    site.io.on("*", lambda event: event, rate="1/second")
    client = site.client()
    assert client.ask('421["x"]') == '431["x"]'
    assert client.ask('421["y"]') == "431" + TOO_MUCH
    assert client.got_nothing()


def test_in_a_namespace_and_in_a_module(site: Site) -> None:
    site.stop_time()
    events = Events()
    events.on("x", rate="1/second")(lambda: None)
    site.io.register(events)
    site.io.on("y", namespace="/chat", rate="1/second")(lambda: None)
    client = site.client()
    assert answers(client, 2) == ["[]", TOO_MUCH]
    other = site.client("/chat")
    other.send('42/chat,1["y"]', '42/chat,2["y"]')
    assert [other.receive(), other.receive()] == ["43/chat,1[]", "43/chat,2" + TOO_MUCH]


def test_it_is_logged_once_and_signalled_when_it_begins(
    site: Site, calls: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[Any] = []

    def hear(sender: Any, event: str, limit: RateLimit, **_: Any) -> None:
        heard.append((sender, event, limit.rate))

    let_pass = site.stop_time()
    with signals.rate_limited.connected_to(hear):
        client = site.client()
        answers(client, 6)
        let_pass(1)
        answers(client, 6)
        wait_until(lambda: len(heard) == 2, what="the limit is signalled")
    assert heard == [(site.io.server, "x", "2/second")] * 2
    said = [line for line in caplog.messages if "sends more than" in line]
    assert said == [
        "a client in / sends more than the handler of 'x' allows: 2/second, 3 at once"
    ]


@pytest.mark.parametrize("protocol", ["0.9", 3, 4])
def test_clients_of_every_generation_are_answered(app: Flask, protocol: int | str) -> None:
    io = SocketIO(app)
    io.on("x", lambda: 5, rate="1/hour")
    client = io.test_client(app, protocol=protocol)
    answers = [client.emit("x", callback=True) for _ in range(2)]
    assert answers == [5, {"error": "rate limit"}]


# A client's


@pytest.mark.parametrize("at_once", [False, True])
def test_all_events_of_a_client_count(serve: Callable[..., Site], at_once: bool) -> None:
    site = serve(rate_limit="3/minute", async_handlers=at_once)
    site.stop_time()
    site.io.on("x", lambda: None)
    client = site.client()
    site.io.of("/chat").on("x", lambda: None)
    client.wire.connect("/chat")
    client.send('42/chat,1["x"]')
    assert client.receive() == "43/chat,1[]"
    got = sorted(answers(client, 3))
    assert got == ["[]", "[]", TOO_MUCH]


def test_a_client_that_is_sent_away_for_all_its_events(serve: Callable[..., Site]) -> None:
    site = serve(rate_limit={"rate": "1/minute", "burst": 2, "on_limit": "disconnect"})
    client = site.client()
    client.send(*['42["nobody\'s"]'] * 3)
    assert client.receive() == "41"
    site.wait_empty()


# What cannot be meant


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("ten/second", "number of events per second, minute, hour or day"),
        ("10/fortnight", "such as '10/second'"),
        ("0/second", "not '0/second'"),
        (10, "not 10"),
        ({"burst": 3}, "needs a rate"),
        ({"rate": None, "burst": 3}, "of events per second"),
        ({"rate": "1/second", "burts": 3}, "did you mean 'burst'"),
        ({"rate": "1/second", "burst": 0}, "is at least 1"),
        ({"rate": "1/second", "on_limit": "kill"}, "error, drop, disconnect"),
    ],
)
def test_a_bad_limit_is_refused(value: Any, why: str) -> None:
    with pytest.raises(OptionError, match="rate_limit.*" + why):
        make_options(rate_limit=value)


@pytest.mark.parametrize("value", [None, False])
def test_no_limit(value: Any) -> None:
    assert make_options(rate_limit=value).rate_limit is None


def test_a_limit_in_words() -> None:
    limit = make_options(rate_limit="90 per minute").rate_limit
    assert limit is not None
    assert (limit.per_second, limit.burst, limit.on_limit) == (1.5, 90, "error")


@pytest.mark.parametrize(
    ("event", "terms", "error", "why"),
    [
        ("x", {"rate": "often"}, OptionError, r"^rate in on\('x', …\) is .*'often'"),
        ("x", {"rate": "1/second", "burst": 0}, OptionError, r"^burst in on\('x', …\) is "),
        ("x", {"burst": 3}, OptionError, r"^on\('x', …\) has burst and no rate"),
        ("x", {"rats": 3}, TypeError, "'rats'; did you mean 'rate'"),
        ("connect", {"rate": "1/second"}, EventError, "'connect' is no event that clients send"),
    ],
)
def test_bad_terms_are_refused_where_they_are_written(
    site: Site, event: str, terms: dict[str, Any], error: type[Exception], why: str
) -> None:
    with pytest.raises(error, match=why):
        site.io.on(event, **terms)
