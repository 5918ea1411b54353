"""What a function of the application decides: at once, or later by a callback it was given."""

from __future__ import annotations

from typing import Any

from gevent.event import AsyncResult

from ..engine.engine import Engine


class Undecided(Exception):  # noqa: N818
    """Nobody has decided within ``connect_timeout``; the message says whose turn it was."""


class Verdict:
    """One decision; only the first one counts.

    :param engine: of the server that waits.
    :param who: whose decision it is, for the log.
    """

    __slots__ = ("_engine", "_result", "_who")

    def __init__(self, engine: Engine, who: object) -> None:
        self._engine = engine
        self._who = who
        self._result: AsyncResult[Any] = AsyncResult()

    def give(self, value: Any = None, error: BaseException | None = None) -> None:
        """Decide, from any greenlet or thread.

        :param error: what :meth:`wait` shall raise.
        """
        if self._engine.elsewhere:
            self._engine.post(self._give, value, error)
        else:
            self._give(value, error)

    def _give(self, value: Any, error: BaseException | None) -> None:
        if self._result.ready():
            return
        if error is None:
            self._result.set(value)
        else:
            self._result.set_exception(error)

    @property
    def given(self) -> bool:
        """Whether it is decided."""
        return self._result.ready()

    def wait(self) -> Any:
        """Return what was decided, when it is.

        :raises Undecided: if that takes longer than a client may take to join a namespace.
        """
        if self._result.ready():
            return self._result.get()
        deadline = self._engine.clock.after(self._engine.options.connect_timeout, self._late)
        try:
            return self._result.get()
        finally:
            deadline.cancel()

    def _late(self) -> None:
        timeout = self._engine.options.connect_timeout
        message = f"{self._who} has not called back within {timeout:g} s (connect_timeout)"
        self._give(None, Undecided(message))
