"""The example with accounts: Flask-Login, Flask-SQLAlchemy and a class of handlers, in Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.chat import ChatServer

Visit = Callable[[str], Page]


@pytest.fixture(scope="module")
def server(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatServer]:
    """The example's server; a handler that fails, or any warning of it, fails the test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE", str(tmp_path_factory.mktemp("accounts") / "accounts.db"))
        server = ChatServer(root, root / "examples" / "accounts" / "app.py")
        server.start()
    yield server
    assert server.stop() == ""


@pytest.fixture
def visit(browser: Browser, server: ChatServer) -> Iterator[Visit]:
    """Opens windows, each with an account of its own that is new or known; nothing may have gone
    wrong in any of them."""
    problems: list[str] = []
    contexts = []

    def open_window(name: str, of: Page | None = None) -> Page:
        context = of.context if of is not None else browser.new_context()
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(server.address)
        if of is None:
            enter(page, name)
        expect(page.locator("#state")).to_be_empty()
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert problems == []


def enter(page: Page, name: str, password: str = "a good password", new: bool = True) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Make an account" if new else "Log in").click()


def add(page: Page, text: str) -> None:
    page.get_by_label("New task").fill(text)
    page.get_by_role("button", name="Add").click()


def task(page: Page, text: str):
    return page.get_by_role("listitem").filter(has_text=text)


def test_two_people_keep_one_list(visit: Visit) -> None:
    ada, bob = visit("Ada"), visit("Bob")
    expect(ada.locator("#people")).to_have_text("Ada, Bob")

    add(ada, "Buy <b>milk</b>")
    expect(task(bob, "Buy <b>milk</b>").locator(".author")).to_have_text("Ada")
    task(bob, "milk").get_by_role("checkbox").check()
    expect(task(ada, "milk").get_by_role("checkbox")).to_be_checked()

    task(bob, "milk").get_by_label("Remove").click()
    expect(bob.locator("#state")).to_have_text("Only Ada can remove this.")
    expect(task(ada, "milk")).to_have_count(1)
    task(ada, "milk").get_by_label("Remove").click()
    expect(task(bob, "milk")).to_have_count(0)


def test_the_list_is_kept(visit: Visit) -> None:
    carol = visit("Carol")
    add(carol, "Stay")
    expect(task(carol, "Stay")).to_have_count(1)
    carol.reload()
    expect(task(carol, "Stay").locator(".author")).to_have_text("Carol")
    expect(task(visit("Dave"), "Stay")).to_have_count(1)


def test_what_is_posted_by_http_appears_at_once(visit: Visit) -> None:
    erin, frank = visit("Erin"), visit("Frank")
    answer = erin.request.post(f"{erin.url}tasks", data={"text": "By HTTP"})
    assert answer.status == 201
    expect(task(frank, "By HTTP").locator(".author")).to_have_text("Erin")


def test_logging_out_ends_the_connections_of_all_windows_of_the_account(visit: Visit) -> None:
    grace = visit("Grace")
    other = visit("Grace", grace)
    heidi = visit("Heidi")
    expect(heidi.locator("#people")).to_have_text("Grace, Heidi")
    grace.get_by_role("button", name="Log out").click()
    expect(other.locator("#state")).to_have_text("You have logged out.")
    expect(heidi.locator("#people")).to_have_text("Heidi")


def test_who_is_not_logged_in_is_refused(visit: Visit) -> None:
    ivan = visit("Ivan")
    ivan.context.clear_cookies()
    ivan.evaluate("socket.disconnect().connect()")
    expect(ivan.locator("#state")).to_have_text("Log in first.")


def test_a_wrong_password_is_told(visit: Visit) -> None:
    page = visit("Judy")
    page.get_by_role("button", name="Log out").click()
    enter(page, "Judy", "a wrong password", new=False)
    expect(page.get_by_role("alert")).to_have_text("Name and password do not belong together.")
    enter(page, "Judy", new=False)
    expect(page.locator("#people")).to_have_text("Judy")
