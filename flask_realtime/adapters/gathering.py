"""Answers of several, until all are there, or no more can come, or the time is over."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .adapter import Gathered, Later, Local


def answer_of(values: list[Any]) -> Any:
    """Return the answer that an acknowledgement brings: None for none, a list for several."""
    return values if len(values) > 1 else values[0] if values else None


class Gathering:
    """Who was asked, who has answered, and who still can.

    Sockets are waited for by id. A node first says whom it has asked: until then it is waited for
    as a node; one that answers itself is named only when it does.

    :param nodes: how many nodes are waited for.
    :param done: called once.
    """

    def __init__(self, nodes: int, done: Callable[[Gathered], None]) -> None:
        self._nodes = nodes
        self._done: Callable[[Gathered], None] | None = done
        self._answers: dict[str, Any] = {}
        self._silent: dict[str, bool] = {}  # whether it still can answer
        self._waiting = 0
        self._heard: set[str] = set()
        self._deadline: Later | None = None
        #: Called when it is over.
        self.at_end: list[Callable[[], object]] = []

    @property
    def over(self) -> bool:
        """Whether nothing is waited for any more."""
        return self._done is None

    def expect(self, ids: Iterable[str]) -> None:
        """These were asked."""
        for id in ids:
            if id not in self._answers and id not in self._silent:
                self._silent[id] = True
                self._waiting += 1

    def answer(self, id: str, value: Any) -> None:
        """A socket has answered."""
        if self._silent.pop(id, False):
            self._waiting -= 1
        self._answers.setdefault(id, value)
        self.look()

    def any_of(self, prefix: str) -> str:
        """Return the name of someone who still can answer: of those that are only counted."""
        waiting = (id for id, can in self._silent.items() if can and id.startswith(prefix))
        return next(waiting, f"{prefix}{len(self._answers)}")

    def lose(self, id: str) -> None:
        """A socket cannot answer any more."""
        if self._silent.get(id):
            self._silent[id] = False
            self._waiting -= 1
            self.look()

    def hear(self, node: str) -> None:
        """A node has said whom it asked, or has gone."""
        if node not in self._heard:
            self._heard.add(node)
            self._nodes -= 1
            self.look()

    def answer_of_node(self, node: str, value: Any) -> None:
        """A node has answered."""
        self._answers.setdefault(node, value)
        self.hear(node)

    def begin(self, local: Local, timeout: float) -> None:
        """All who are known were asked: wait for the answers."""
        self.look()
        if not self.over:
            self._deadline = local.after(timeout, self.finish)

    def look(self) -> None:
        """See whether all is there."""
        if self._nodes <= 0 and self._waiting <= 0:
            self.finish()

    def finish(self) -> None:
        """No more answers are waited for."""
        done, self._done = self._done, None
        if done is None:
            return
        if self._deadline is not None:
            self._deadline.cancel()
        for action in self.at_end:
            action()
        done(Gathered(self._answers, tuple(self._silent), max(0, self._nodes)))
