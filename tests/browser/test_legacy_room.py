"""The page with every client on every transport, side by side in one room."""

from __future__ import annotations

import re
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from playwright.sync_api import FrameLocator, expect

from tests.support.chat import ChatServer
from tests.support.legacy import CLIENTS, PROGRAM, LegacyPage

NAMES = {client.name for client in CLIENTS}
# What a browser says of a server that is away, and of sessions that a new one does not know.
OUTAGE = re.compile(r"net::ERR_|WebSocket connection to .* failed|status of (400|503)")


@pytest.fixture
def server(root):
    server = ChatServer(root, PROGRAM)
    server.start()
    yield server
    assert server.stop() == ""


@pytest.fixture
def room(browser, server):
    room = LegacyPage(browser, server.address, "/")
    yield room
    room.context.close()
    assert room.problems == []


def frames(room) -> list[FrameLocator]:
    return [room.page.frame_locator(f'iframe[title="{client.name}"]') for client in CLIENTS]


def say_as_each(room, text):
    room.page.get_by_label("What each of them says").fill(text)
    room.page.get_by_role("button", name="Say it as each").click()


def expect_everyone_heard_everyone(room, text):
    for frame in frames(room):
        lines = frame.locator("#log > div").filter(has_text=text)
        expect(lines).to_have_count(len(CLIENTS))
        assert set(lines.locator(".author").all_inner_texts()) == NAMES
        assert {line.removeprefix(who) for who, line in by_author(lines)} == {" " + text}


def by_author(lines):
    return zip(lines.locator(".author").all_inner_texts(), lines.all_inner_texts(), strict=True)


def expect_lights(room, state):
    for frame in frames(room):
        expect(frame.locator("#light")).to_have_class(state, timeout=20_000)


def test_everyone_hears_everyone_before_and_after_a_restart_of_the_server(room, server):
    expect_lights(room, "connected")
    for client, frame in zip(CLIENTS, frames(room), strict=True):
        expect(frame.locator("#state")).to_have_text(client.expected)
    say_as_each(room, "Good morning, 2011")
    expect_everyone_heard_everyone(room, "Good morning, 2011")
    assert room.problems == []

    assert server.stop() == ""
    expect_lights(room, "lost")
    server.start()

    expect_lights(room, "connected")
    say_as_each(room, "Good evening")
    expect_everyone_heard_everyone(room, "Good evening")
    room.problems = [problem for problem in room.problems if not OUTAGE.search(problem)]


def test_one_frame_speaks_for_itself_and_a_page_that_is_closed_is_missed_at_once(room, server):
    expect_lights(room, "connected")
    field = frames(room)[0].locator("#text")
    field.fill("only me")
    field.press("Enter")
    for frame in frames(room):
        expect(frame.locator("#log > div")).to_have_text(["0.9.17 websocket only me"])

    room.context.close()

    for client in CLIENTS:
        with urlopen(f"{server.address}reason/{quote(client.name)}", timeout=5) as answer:
            assert answer.read() in (b"transport close", b"transport error"), client.name
