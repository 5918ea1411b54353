"""Pictures travel as binary, and are shown from the bytes that came."""

from __future__ import annotations

import random
import struct
import zlib

import pytest
from playwright.sync_api import expect


def png(width: int, height: int) -> bytes:
    """A picture of noise, which no compression makes small: `width` * `height` * 3 bytes."""
    noise = random.Random(7)
    rows = b"".join(b"\0" + noise.randbytes(width * 3) for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


@pytest.mark.parametrize("side", [1, 570], ids=["tiny", "almost the limit"])
def test_a_picture_arrives_with_the_same_bytes_and_is_displayed(pair, side):
    ada, bob = pair
    picture = png(side, side)

    ada.choose_picture("noise.png", "image/png", picture)

    expect(ada.page.get_by_label("Delivered")).to_have_count(1)
    expect(bob.pictures).to_have_count(1)
    assert bob.shown_picture() == ("data:image/png;base64", picture)
    assert bob.pictures.evaluate("image => image.naturalWidth") == side
    expect(bob.pictures).to_have_attribute("alt", "Picture from Ada")


def test_whoever_comes_later_gets_the_pictures_too(pair, visit, transports):
    ada, _ = pair
    picture = png(570, 570)
    ada.choose_picture("noise.png", "image/png", picture)
    expect(ada.page.get_by_label("Delivered")).to_have_count(1)

    eve = visit("Eve", transports)
    eve.enter(ada.room)

    expect(eve.pictures).to_have_count(1)
    assert eve.shown_picture() == ("data:image/png;base64", picture)


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_pictures_can_be_dropped_and_pasted(carol, way):
    carol.drop(way, "small.png", "image/png", png(4, 4))

    expect(carol.page.get_by_label("Delivered")).to_have_count(1)
    assert carol.shown_picture() == ("data:image/png;base64", png(4, 4))


def test_a_picture_that_is_too_large_is_not_sent_and_the_reason_is_told(carol):
    carol.choose_picture("holiday.jpg", "image/jpeg", b"\xff\xd8\xff" + bytes(3_400_000))

    expect(carol.trouble).to_have_text(
        "“holiday.jpg” has 3.4 MB. Pictures of up to 1.0 MB can be sent."
    )
    expect(carol.pictures).to_have_count(0)
    carol.composer.fill("never mind")
    expect(carol.trouble).to_be_empty()


def test_what_only_calls_itself_a_picture_is_refused_by_its_first_bytes(carol):
    svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"

    carol.choose_picture("drawing.svg", "image/svg+xml", svg)
    expect(carol.trouble).to_contain_text("is no PNG, JPEG, GIF or WebP picture")
    carol.choose_picture("drawing.png", "image/png", svg)

    expect(carol.page.locator(".why")).to_have_text(
        "Not sent: Only PNG, JPEG, GIF and WebP pictures can be shown."
    )
    carol.page.reload()
    carol.say("sorry")
    carol.expect_delivered("sorry")
    expect(carol.pictures).to_have_count(0)  # nor has the server kept it


def test_a_picture_can_be_looked_at_and_put_away_with_the_keyboard(carol):
    carol.choose_picture("noise.png", "image/png", png(40, 30))
    expect(carol.page.get_by_label("Delivered")).to_have_count(1)

    carol.page.locator("#log .picture").focus()
    carol.page.keyboard.press("Enter")
    expect(carol.page.get_by_role("dialog", name="Picture")).to_be_visible()
    carol.page.keyboard.press("Escape")

    expect(carol.page.get_by_role("dialog")).to_have_count(0)
    expect(carol.page.locator("#log .picture")).to_be_focused()
