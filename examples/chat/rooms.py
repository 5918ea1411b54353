"""What is kept of each room, and what clients may send. Nothing here knows about connections."""

from __future__ import annotations

import unicodedata
from collections import deque
from typing import Any

MAX_ROOM = 24  # characters of a room's name
MAX_ROOMS = 20
MAX_LINES = 50

LOBBY = "lobby"

Line = dict[str, Any]


class Mistake(Exception):
    """A client sent what will not do; the message is for its user."""


class Rooms:
    """The last lines of every room, in memory.

    :param max_bytes: how much of a room's pictures is kept.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._lines: dict[str, deque[Line]] = {LOBBY: deque()}

    def names(self) -> list[str]:
        return list(self._lines)

    def lines(self, room: str) -> list[Line]:
        return list(self._lines[room])

    def open(self, name: Any, in_use: set[str]) -> str:
        """Return the name of a room that exists from now on; without a name, the lobby's.

        :param in_use: rooms with people in them. Of the others one is forgotten, if need be.
        :raises Mistake: if this is no name, or there are too many rooms.
        """
        room = LOBBY if name is None else tidy(name, MAX_ROOM, "A room's name").lower()
        if room in self._lines:
            return room
        if len(self._lines) >= MAX_ROOMS:
            empty = next((old for old in self._lines if old not in in_use and old != LOBBY), None)
            if empty is None:
                raise Mistake(f"There are {MAX_ROOMS} rooms already. Enter one of them.")
            del self._lines[empty]
        self._lines[room] = deque()
        return room

    def add(self, room: str, line: Line) -> bool:
        """Keep a line; return whether it is new.

        :raises Mistake: if somebody else's line has its id.
        """
        lines = self._lines[room]
        for known in lines:
            if known["id"] == line["id"]:
                if known["nickname"] != line["nickname"]:
                    raise Mistake("This message has somebody else's id.")
                return False
        lines.append(line)
        while len(lines) > MAX_LINES or _size(lines) > self._max_bytes:
            lines.popleft()
        return True


def _size(lines: deque[Line]) -> int:
    return sum(len(line.get("picture", b"")) for line in lines)


def tidy(name: Any, longest: int, what: str) -> str:
    """Return a name in one spelling, so that no two that look alike are different.

    :param what: what it is, to begin an error's message with.
    :raises Mistake: if it is empty, too long, or holds what nobody sees.
    """
    if not isinstance(name, str):
        raise Mistake(f"{what} is a text.")
    tidied = " ".join(unicodedata.normalize("NFKC", name).split())
    if not tidied:
        raise Mistake(f"{what} cannot be empty.")
    if len(tidied) > longest:
        raise Mistake(f"{what} has at most {longest} characters.")
    if not tidied.isprintable():
        raise Mistake(f"{what} has only characters that can be seen.")
    return tidied


def picture_type(data: bytes) -> str:
    """Return the media type of a picture by its first bytes, whatever the client called it.

    :raises Mistake: if it is none that every browser shows. SVG is not one: it can hold scripts.
    """
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    raise Mistake("Only PNG, JPEG, GIF and WebP pictures can be shown.")
