"""What the chat is for, over every transport, with the real client in a real browser."""

from __future__ import annotations

from playwright.sync_api import expect


def test_the_page_connects_as_it_was_told(pair, transports):
    last = transports.split(",")[-1]
    for window in pair:
        expect(window.page.locator("#transport")).to_have_text(last)


def test_two_people_talk_both_ways(pair):
    ada, bob = pair

    ada.say("Hello, Bob")
    expect(bob.line("Hello, Bob")).to_have_count(1)
    bob.say("Hello, Ada 👋 ä")
    expect(ada.line("Hello, Ada 👋 ä")).to_have_count(1)

    expect(bob.line("Hello, Bob").locator(".author")).to_have_text("Ada")


def test_a_message_is_ticked_as_soon_as_the_server_has_it(pair):
    ada, bob = pair

    ada.say("Did you get this?")

    ada.expect_delivered("Did you get this?")
    expect(bob.line("Did you get this?")).to_have_count(1)
    expect(bob.line("Did you get this?").locator(".mark")).to_have_count(0)


def test_many_messages_keep_their_order(pair):
    ada, bob = pair
    texts = [f"number {number}" for number in range(20)]

    for text in texts:
        ada.say(text)

    expect(bob.page.locator(".text")).to_have_text(texts)
    expect(ada.page.locator(".text")).to_have_text(texts)
    expect(ada.page.get_by_label("Delivered")).to_have_count(len(texts))


def test_one_sees_the_other_typing_until_the_message_comes(pair):
    ada, bob = pair

    ada.composer.press_sequentially("Hm")
    expect(bob.page.locator("#typing")).to_have_text("Ada is typing …")
    expect(ada.page.locator("#typing")).to_be_empty()

    ada.composer.press("Enter")
    expect(bob.page.locator("#typing")).to_be_empty()


def test_rooms_are_apart(pair):
    ada, bob = pair
    before, after = ada.room, f"Café {ada.room}"

    ada.enter(after)
    ada.expect_in(after.lower())
    ada.expect_people("Adayou")
    bob.expect_people("Bobyou")
    ada.say("only here")
    ada.expect_delivered("only here")
    bob.say("only there")
    bob.expect_delivered("only there")
    expect(bob.line("only here")).to_have_count(0)
    expect(ada.line("only there")).to_have_count(0)

    bob.enter(after)
    bob.expect_in(after.lower())
    expect(bob.line("only here")).to_have_count(1)
    expect(bob.line("only there")).to_have_count(0)
    expect(ada.page.locator("#rooms [aria-current] .count")).to_have_text("2")
    expect(ada.page.locator(f"#rooms [data-room='{before}'] .count")).to_be_empty()


def test_somebody_comes_reads_what_was_said_and_goes(pair, visit, transports):
    ada, bob = pair
    room = ada.room
    ada.say("first")
    bob.say("second")
    expect(ada.page.locator(".text")).to_have_text(["first", "second"])

    eve = visit("Eve", transports)
    eve.enter(room)

    expect(eve.page.locator(".text")).to_have_text(["first", "second"])
    expect(eve.page.locator(".author")).to_have_text(["Ada", "Bob"])
    ada.expect_people("Adayou", "Bob", "Eve")
    expect(ada.page.get_by_text("Eve joined")).to_have_count(1)
    eve.page.get_by_role("button", name="Leave").click()
    ada.expect_people("Adayou", "Bob")
    expect(ada.page.get_by_text("Eve left")).to_have_count(1)
    expect(eve.page.get_by_label("Your nickname")).to_be_visible()


def test_a_closed_window_is_noticed_at_once(pair, visit):
    # Over polling only if it closes while a poll waits, else after the heartbeat's time.
    ada, _ = pair
    eve = visit("Eve", "websocket")
    eve.enter(ada.room)
    ada.expect_people("Adayou", "Bob", "Eve")

    eve.page.close()

    ada.expect_people("Adayou", "Bob")
    expect(ada.page.get_by_text("Eve left")).to_have_count(1)


def test_a_reloaded_window_goes_on_where_it_was(pair):
    ada, bob = pair
    room = ada.room
    ada.say("before")
    ada.expect_delivered("before")

    ada.page.reload()

    ada.expect_in(room)
    ada.expect_delivered("before")
    ada.expect_people("Adayou", "Bob")
    ada.say("after")
    expect(bob.page.locator(".text")).to_have_text(["before", "after"])
