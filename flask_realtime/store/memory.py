"""The store of a server that is alone."""

from __future__ import annotations

from typing import Any


class MemoryStore:
    """Values in this process's memory.

    They are kept as they are, not copied: who changes a list after ``set`` changes what ``get``
    returns, here and not in a store outside the process.
    """

    def __init__(self) -> None:
        self._sessions: dict[str, dict[str, Any]] = {}

    def set(self, session: str, key: str, value: Any) -> None:
        self._sessions.setdefault(session, {})[key] = value

    def get(self, session: str, key: str, default: Any = None) -> Any:
        return self._sessions.get(session, {}).get(key, default)

    def has(self, session: str, key: str) -> bool:
        return key in self._sessions.get(session, {})

    def delete(self, session: str, key: str) -> None:
        values = self._sessions.get(session, {})
        values.pop(key, None)
        if not values:
            self._sessions.pop(session, None)

    def all(self, session: str) -> dict[str, Any]:
        return dict(self._sessions.get(session, {}))

    def drop(self, session: str) -> None:
        self._sessions.pop(session, None)
