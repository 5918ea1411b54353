"""What the chat does not let pass, and how it tells."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect


def test_a_nickname_is_taken_in_whatever_spelling(carol, visit):
    other = visit()
    refusal = other.page.get_by_role("alert")

    for spelling in ("Carol", "caROL", "  CAROL  ", "Ｃａｒｏｌ"):
        other.ask_in(spelling)
        expect(refusal).to_contain_text("is taken. Try another nickname.")
        other.page.reload()

    other.ask_in("Grace")
    other.expect_in()


def test_a_bad_nickname_is_refused_with_the_reason(visit):
    window = visit()

    window.ask_in(" ")
    expect(window.page.get_by_role("alert")).to_have_text("A nickname cannot be empty.")
    window.ask_in("a\u202eb")

    expect(window.page.get_by_role("alert")).to_have_text(
        "A nickname has only characters that can be seen."
    )
    expect(window.page.get_by_label("Your nickname")).to_be_focused()


def test_a_bad_room_is_refused_and_one_stays_where_one_was(carol):
    room = carol.room

    carol.page.get_by_label("Name of a room").fill("a\u200bb")
    carol.page.get_by_role("button", name="Enter the room").click()

    expect(carol.trouble).to_have_text("A room's name has only characters that can be seen.")
    carol.expect_in(room)


@pytest.mark.parametrize(
    ("event", "content", "reason"),
    [
        ("message", "x" * 1001, "A message has at most 1000 characters."),
        ("message", " \n ", "There is nothing in this message."),
        ("message", {"text": "x"}, "There is nothing in this message."),
        ("picture", "R0lGODlh", "A picture comes as binary data."),
    ],
)
def test_the_server_checks_whatever_a_page_sends(carol, event, content, reason):
    """The fields of the page hold long texts off, but nobody needs our page to connect."""
    answer = carol.page.evaluate(
        """([event, content]) => new Promise(answered => {
          const socket = io({
            auth: { nickname: "Mallory" }, transports: ["websocket"], forceNew: true,
          });
          socket.on("entered", () => socket.emit(event, "lobby", "a-usable-id", content, answer => {
            socket.disconnect();
            answered(answer);
          }));
        })""",
        [event, content],
    )

    assert answer == {"error": reason}


@pytest.mark.parametrize("auth", [None, {}, {"nickname": 5}, {"nickname": "Eve", "room": ["x"]}])
def test_the_server_checks_how_a_page_connects(carol, auth):
    message = carol.page.evaluate(
        """auth => new Promise(answered => {
          const socket = io({ auth, transports: ["websocket"], forceNew: true });
          socket.on("connect_error", error => { socket.disconnect(); answered(error.message); });
        })""",
        auth,
    )

    assert message.endswith("is a text.")


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)>",
        "<script>alert(1)</script>",
        '"><svg onload=alert(1)>',
        "&lt;b&gt; stays",
        "javascript:alert(1)",
    ],
)
def test_markup_stays_text(carol, text):
    carol.say(text)
    carol.expect_delivered(text)
    carol.page.reload()  # now as it comes from the server

    carol.expect_delivered(text)
    expect(carol.page.locator("#log").locator("img, script, svg, b, a")).to_have_count(0)


def test_markup_stays_text_in_names_too(carol, visit):
    name = "<b>bold</b>"
    eve = visit(name)
    eve.enter(carol.room)
    carol.expect_people(name, "Carolyou")

    eve.enter("<i>tilt</i>")
    eve.expect_in("<i>tilt</i>")
    eve.say("here")

    expect(carol.page.get_by_text(f"{name} joined")).to_have_count(1)
    expect(carol.page.get_by_text(f"{name} left")).to_have_count(1)
    expect(carol.page.locator("#rooms")).to_contain_text("<i>tilt</i>")
    expect(eve.page.locator("#people, #log, #rooms, #me").locator("b, i")).to_have_count(0)


def test_the_policy_of_the_page_lets_no_script_of_others_run(carol):
    ran = carol.page.evaluate(
        """() => new Promise(done => {
          document.addEventListener("securitypolicyviolation", event => done(event.blockedURI));
          const script = document.createElement("script");
          script.textContent = "document.title = 'taken over'";
          document.head.append(script);
        })"""
    )

    assert ran == "inline"
    assert carol.page.title() == "Chat"
    carol.problems = [problem for problem in carol.problems if "Content Security" not in problem]
