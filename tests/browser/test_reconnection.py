"""The server goes away and comes back, and nobody has to do anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.chat import ChatServer


@pytest.fixture
def chat(root: Path):
    """A server for each test: they stop it."""
    server = ChatServer(root)
    server.start()
    yield server
    if server.running:
        assert server.stop() == ""


def test_everyone_goes_on_after_a_restart_of_the_server(chat, visit, transports):
    ada, bob = visit("Ada", transports), visit("Bob", transports)
    ada.enter("tea")
    bob.enter("tea")
    ada.say("before")
    expect(bob.line("before")).to_have_count(1)
    ada.expect_delivered("before")
    ada.composer.fill("half a sen")

    assert chat.stop() == ""
    for window in (ada, bob):
        expect(window.banner).to_have_text("Reconnecting …")
    bob.say("while it was away")
    expect(bob.line("while it was away").get_by_label("Sending")).to_be_visible()
    chat.start()

    bob.expect_delivered("while it was away")
    for window in (ada, bob):
        window.expect_in("tea")
        expect(window.banner).to_be_empty()
        expect(window.page.locator(".text")).to_have_text(["before", "while it was away"])
        window.forgive_outage()
    ada.expect_people("Adayou", "Bob")
    expect(ada.composer).to_have_value("half a sen")
    ada.composer.press("Enter")
    expect(bob.page.locator(".text").last).to_have_text("half a sen")


def test_a_line_whose_acknowledgement_was_lost_does_not_appear_twice(visit):
    ada, bob = visit("Ada"), visit("Bob")

    # Sent twice, as after a connection that broke between the message and its acknowledgement.
    answers = ada.page.evaluate(
        """async () => {
          const socket = io({
            auth: { nickname: "Eve" }, transports: ["websocket"], forceNew: true,
          });
          await new Promise(entered => socket.on("entered", entered));
          const say = () => socket.emitWithAck("message", "lobby", "one-and-the-same", "once");
          const answers = [await say(), await say()];
          socket.disconnect();
          return answers;
        }"""
    )

    assert answers == [None, None]
    ada.say("end")
    expect(bob.line("end")).to_have_count(1)
    expect(bob.line("once")).to_have_count(1)


def test_a_second_window_of_the_same_visitor_takes_over(visit):
    ada = visit("Ada")
    stored = ada.page.evaluate("() => sessionStorage.getItem('chat')")
    other = visit()

    # What a browser does for "Duplicate tab".
    other.page.evaluate("stored => sessionStorage.setItem('chat', stored)", stored)
    other.page.reload()

    other.expect_in()
    expect(ada.banner).to_contain_text("You are chatting in another window.")
    other.expect_people("Adayou")
    ada.page.get_by_role("button", name="Use this one").click()
    expect(other.banner).to_contain_text("You are chatting in another window.")
    ada.say("back")
    ada.expect_delivered("back")
