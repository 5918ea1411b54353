"""What the chat keeps of its rooms is bounded, whatever its visitors do. Without a browser."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def chat_rooms(root: Path) -> ModuleType:
    """`examples/chat/rooms.py`, which is in no package."""
    path = root / "examples" / "chat" / "rooms.py"
    spec = importlib.util.spec_from_file_location("chat_rooms", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def rooms(chat_rooms):
    return chat_rooms.Rooms(max_bytes=100)


def line(number: int, **content: object) -> dict[str, object]:
    return {"id": f"line {number}", "nickname": "Ada", **content}


def test_only_the_last_lines_are_kept(rooms, chat_rooms):
    for number in range(chat_rooms.MAX_LINES + 5):
        assert rooms.add("lobby", line(number))

    kept = [kept["id"] for kept in rooms.lines("lobby")]
    assert kept == [f"line {number}" for number in range(5, chat_rooms.MAX_LINES + 5)]


def test_old_pictures_go_when_together_they_are_too_large(rooms):
    for number, size in enumerate((60, 40, 1)):
        rooms.add("lobby", line(number, picture=bytes(size)))

    assert [len(kept["picture"]) for kept in rooms.lines("lobby")] == [40, 1]


def test_the_same_line_is_kept_once(rooms):
    assert rooms.add("lobby", line(1))
    assert not rooms.add("lobby", line(1))
    assert len(rooms.lines("lobby")) == 1


def test_nobody_can_use_the_id_of_somebody_elses_line(rooms, chat_rooms):
    rooms.add("lobby", line(1))

    with pytest.raises(chat_rooms.Mistake, match="somebody else's"):
        rooms.add("lobby", {**line(1), "nickname": "Bob"})


def test_an_empty_room_makes_place_for_a_new_one(rooms, chat_rooms):
    for number in range(chat_rooms.MAX_ROOMS - 1):
        rooms.open(f"room {number}", set())

    rooms.open("one more", in_use={"room 0"})

    assert len(rooms.names()) == chat_rooms.MAX_ROOMS
    assert "room 0" in rooms.names() and "lobby" in rooms.names()
    assert "room 1" not in rooms.names()


def test_no_room_with_people_in_it_is_forgotten(rooms, chat_rooms):
    for number in range(chat_rooms.MAX_ROOMS - 1):
        rooms.open(f"room {number}", set())

    with pytest.raises(chat_rooms.Mistake, match="20 rooms already"):
        rooms.open("one more", in_use=set(rooms.names()))


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\n...", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp"),
    ],
)
def test_a_picture_is_known_by_its_first_bytes(chat_rooms, data, media_type):
    assert chat_rooms.picture_type(data) == media_type


@pytest.mark.parametrize(
    "data", [b"", b"<svg/>", b"<html>", b"RIFF\x10\x00\x00\x00WAVE", b"\x89PNG", b"%PDF-1.7"]
)
def test_nothing_else_is_a_picture(chat_rooms, data):
    with pytest.raises(chat_rooms.Mistake):
        chat_rooms.picture_type(data)
