"""The example chat in Debian's Chromium, two windows at a time."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.support.chat import ChatServer, Window

_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

Visit = Callable[..., Window]


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def chat(root: Path) -> Iterator[ChatServer]:
    """The chat's server; a handler that fails, or any warning of it, fails the test."""
    server = ChatServer(root)
    server.start()
    yield server
    if server.running:
        assert server.stop() == ""


@contextmanager
def _visiting(browser: Browser, chat: ChatServer) -> Iterator[Visit]:
    windows: list[Window] = []

    def visit(nickname: str = "", transports: str = "websocket", **options: object) -> Window:
        # A window that was closed between two polls is missed only after the heartbeat's time:
        # by the same key the next test's visitor takes its place.
        key = f"the key of {nickname}" if nickname.isalpha() else ""
        window = Window(browser, chat.address, f"?transports={transports}", key, **options)
        windows.append(window)
        if nickname:
            window.ask_in(nickname)
            window.expect_in()
        return window

    yield visit
    problems = [problem for window in windows for problem in window.problems]
    for window in windows:
        window.context.close()
    assert problems == []


@pytest.fixture
def visit(browser: Browser, chat: ChatServer) -> Iterator[Visit]:
    """Opens windows, and closes them again; nothing may have gone wrong in any of them."""
    with _visiting(browser, chat) as visit:
        yield visit


@pytest.fixture(scope="module", params=["websocket", "polling", "polling,websocket"])
def transports(request: pytest.FixtureRequest) -> str:
    """What the page may connect over; with both it begins with polling and upgrades."""
    transports: str = request.param
    return transports


@pytest.fixture(scope="module")
def _residents(
    browser: Browser, chat: ChatServer, transports: str
) -> Iterator[tuple[Window, Window]]:
    with _visiting(browser, chat) as visit:
        yield visit("Ada", transports), visit("Bob", transports)


@pytest.fixture
def pair(_residents: tuple[Window, Window]) -> tuple[Window, Window]:
    """Ada's window and Bob's, over each transport, in a room of this test's own.

    To open a window takes longer than most tests: these two stay open.
    """
    ada, bob = _residents
    room = _new_room(ada)
    _new_room(bob, room)
    ada.expect_people("Adayou", "Bob")
    return ada, bob


@pytest.fixture(scope="module")
def _resident(browser: Browser, chat: ChatServer) -> Iterator[Window]:
    with _visiting(browser, chat) as visit:
        yield visit("Carol")


@pytest.fixture
def carol(_resident: Window) -> Window:
    """Carol's window, likewise, for what is the same over each transport."""
    _new_room(_resident)
    return _resident


_numbers = itertools.count(1)


def _new_room(window: Window, room: str = "") -> str:
    room = room or f"room {next(_numbers)}"
    window.enter(room)
    window.expect_in(room)
    return room
