"""The chat on a phone and on a desktop, by keyboard, in the dark."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


def test_nothing_is_wider_than_the_window(visit):
    ada = visit("W" * 20)
    ada.say("x" * 400)
    ada.say("word " * 100)
    expect(ada.page.get_by_label("Delivered")).to_have_count(2)

    for width in (320, 360, 768, 1280):
        ada.page.set_viewport_size({"width": width, "height": 700})
        for element in ("html", "body", "#chat", "#log"):
            wide, room = ada.page.locator(element).evaluate("e => [e.scrollWidth, e.clientWidth]")
            assert wide <= room, (width, element)


def test_on_a_phone_the_rooms_come_in_from_the_side(visit):
    ada = visit("Ada", **PHONE)
    rooms = ada.page.locator("#rooms")
    menu = ada.page.locator("#menu")
    expect(rooms).to_be_hidden()

    menu.tap()
    expect(rooms).to_be_visible()
    expect(menu).to_have_attribute("aria-expanded", "true")
    expect(rooms.get_by_role("button").first).to_be_focused()
    ada.page.keyboard.press("Escape")
    expect(rooms).to_be_hidden()
    expect(menu).to_be_focused()
    menu.tap()
    ada.page.get_by_label("Name of a room").fill("tea")
    ada.page.keyboard.press("Enter")

    ada.expect_in("tea")
    expect(rooms).to_be_hidden()


def test_nothing_moves_when_others_type_or_the_connection_is_lost(carol, visit):
    bob = visit("Bob")
    bob.enter(carol.room)
    carol.expect_people("Bob", "Carolyou")
    carol.say("still")
    carol.expect_delivered("still")
    before = carol.line("still").bounding_box()

    bob.composer.press_sequentially("I")
    expect(carol.page.locator("#typing")).not_to_be_empty()
    carol.page.evaluate("() => document.getElementById('banner').textContent = 'Reconnecting …'")
    expect(carol.banner).to_be_visible()

    assert carol.line("still").bounding_box() == before


def test_everything_is_done_with_the_keyboard(visit):
    ada = visit()
    ada.page.keyboard.type("Ada")
    ada.page.keyboard.press("Enter")
    ada.expect_in()
    expect(ada.composer).to_be_focused()

    ada.page.keyboard.type("one")
    ada.page.keyboard.press("Shift+Enter")
    ada.page.keyboard.type("two")
    ada.page.keyboard.press("Enter")

    expect(ada.page.locator(".text").last).to_have_text("one\ntwo", use_inner_text=True)
    expect(ada.composer).to_be_focused()


def test_every_control_has_a_name(carol):
    for control in carol.page.locator("#chat").locator("button, input, textarea").all():
        if control.get_attribute("type") != "file":
            assert control.evaluate(
                "e => e.ariaLabel || e.labels?.[0]?.textContent || e.textContent.trim()"
            ), control.evaluate("e => e.outerHTML")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_system_and_can_be_read(carol, scheme):
    carol.page.emulate_media(color_scheme=scheme)
    carol.say("Can you read this?")
    carol.expect_delivered("Can you read this?")

    texts = ("#log .mine .bubble", "#log .mine .foot", "#typing", "#me", "#composer .primary")
    for element in texts:
        contrast = carol.page.locator(element).last.evaluate(_CONTRAST)
        assert contrast >= 4.5, element  # WCAG 2.2, 1.4.3


_CONTRAST = """
element => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const luminance = colours => {
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(
      part => part <= 10 ? part / 3294 : ((part / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = [];
  for (let e = element; e; e = e.parentElement) behind.unshift(getComputedStyle(e).backgroundColor);
  const back = luminance(behind), front = luminance([...behind, getComputedStyle(element).color]);
  return (Math.max(back, front) + 0.05) / (Math.min(back, front) + 0.05);
}
"""
