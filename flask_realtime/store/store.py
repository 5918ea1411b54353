"""The interface of a store."""

from __future__ import annotations

from typing import Any, Protocol


class Store(Protocol):
    """Values by session and key: what ``socket.set`` and ``socket.get`` reach.

    A session is named by a key of its own, never by its sid, which is a secret of its client. Keys
    are text; values are what JSON can carry, and come back as JSON has them: a tuple as a list, a
    dict's keys as text. What was returned is the caller's own, and what was given stays his own.

    Whose methods may wait, says so by :attr:`waits`; then they are called in greenlets only, and
    have to wait as gevent does, for nobody else may be stopped meanwhile. Each ends within a
    bounded time, if need be by a :exc:`.StoreError`.

    :class:`flask_realtime.contracts.store.StoreContract` are tests that every store passes.
    """

    waits: bool
    """Whether its methods may wait, for a network or a disk."""
    renewal: float | None
    """After how many seconds ``expire(session, None)`` is to be said again, for as long as a
    session lives: a store outside the process cannot tell whether the process has died. None: it
    need not be said again."""

    def set(self, session: str, key: str, value: Any) -> None:
        """Keep a value in place of the one before.

        :raises EncodeError: if JSON cannot carry it; the message names the path to what is wrong.
        :raises StoreError: if it could not be kept, or may not have been.
        """

    def get(self, session: str, key: str, default: Any = None) -> Any:
        """Return a value, or `default` where there is none; None is a value, too.

        :raises StoreError: if it cannot be read now.
        """

    def has(self, session: str, key: str) -> bool:
        """Whether there is a value.

        :raises StoreError: if that cannot be said now.
        """

    def delete(self, session: str, key: str) -> bool:
        """Drop a value; return whether there was one.

        :raises StoreError: if it could not be dropped, or may not have been.
        """

    def all(self, session: str) -> dict[str, Any]:
        """Return all values of a session, in no order.

        :raises StoreError: if they cannot be read now.
        """

    def increment(self, session: str, key: str, amount: float = 1) -> Any:
        """Add to a number, 0 where there is none, and return the sum; nobody else's addition is
        lost, and no two callers get the same sum.

        :param amount: an ``int`` or a finite ``float``. Whole numbers stay exact; they and their
            sums have 64 bits.
        :raises UsageError: if `amount` or what is kept is no such number, or the sum would be none.
        :raises StoreError: if it could not be added, or may not have been.
        """

    def expire(self, session: str, seconds: float | None) -> None:
        """Drop the values of a session in so many seconds, or with None keep them after all.

        It concerns all that is kept by then; nothing happens if nothing is kept now.

        :raises StoreError: if that could not be arranged.
        """

    def drop(self, session: str) -> None:
        """Drop all values of a session, now.

        :raises StoreError: if that could not be done.
        """

    def close(self) -> None:
        """Let go of connections and timers, not of values."""
