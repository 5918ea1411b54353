"""The interface of a store."""

from __future__ import annotations

from typing import Any, Protocol


class Store(Protocol):
    """Values by session and key. A session is named by a key of its own, not by its sid."""

    def set(self, session: str, key: str, value: Any) -> None:
        """Keep a JSON-able value."""

    def get(self, session: str, key: str, default: Any = None) -> Any:
        """Return the value, or `default` where there is none."""

    def has(self, session: str, key: str) -> bool:
        """Whether there is a value."""

    def delete(self, session: str, key: str) -> None:
        """Drop the value; nothing happens if there is none."""

    def all(self, session: str) -> dict[str, Any]:
        """Return all values of a session."""

    def drop(self, session: str) -> None:
        """Drop all values of a session."""
