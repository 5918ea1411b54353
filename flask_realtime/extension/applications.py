"""The applications that a SocketIO is in front of: of most there is one.

To which of them a request came is told by a text in its environ, since a client keeps no other
variables; nothing is told of the first one.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any
from weakref import WeakValueDictionary

from flask import Flask, current_app, has_app_context

APPLICATION = "flask_realtime.application"
"""The variable that names the application."""


class Applications:
    """Those of one SocketIO; the latest stands for them where none of them is asked for."""

    def __init__(self) -> None:
        self.latest: Flask | None = None
        # Weakly: tests make many, one after the other.
        self._by_name: WeakValueDictionary[str, Flask] = WeakValueDictionary()
        self._numbers = count(2)

    def add(self, app: Flask) -> str:
        """Have one more, or one again; return its name here, which is empty for the first."""
        former, self.latest = self.latest, app
        for name, known in self._by_name.items():
            if known is app:
                return name
        name = "" if former is None else str(next(self._numbers))
        self._by_name[name] = app
        return name

    def of(self, variables: Mapping[str, Any]) -> Flask:
        """Return the one that a request came to, of which these are the variables."""
        found = self._by_name.get(variables.get(APPLICATION, ""), self.latest)
        assert found is not None, "a request came before there was an application"
        return found

    @property
    def current(self) -> Flask:
        """The one whose context this is, or the latest."""
        if has_app_context():
            own: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
            if own in self._by_name.values():
                return own
        assert self.latest is not None, "there is no application yet"
        return self.latest
