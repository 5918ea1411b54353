"""Background tasks: in the application's context, and in no request's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

from ..exceptions import ContextError

_UNBOUND = "Working outside of request context"
"""How Flask begins what it says of a request that is not there."""


def check_task(target: Any) -> None:
    """See whether something can run as a background task.

    :raises TypeError: if not.
    """
    if not callable(target):
        raise TypeError(
            f"a background task is a function, not {target!r}; what it is called with follows it: "
            "io.start_background_task(f, 1)"
        )


def run_task(
    app: Flask, target: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Run a background task to its end.

    :raises ContextError: if it has used ``request`` or ``session``; else what the task raises.
    """
    with app.app_context():
        try:
            return target(*args, **kwargs)
        except RuntimeError as error:
            if not str(error).startswith(_UNBOUND):
                raise
            raise ContextError(
                f"{getattr(target, '__qualname__', target)!s} ran as a background task, which "
                "belongs to no request: flask.request and flask.session are not there. Read what "
                "it needs before, and give it as arguments: "
                "io.start_background_task(task, session['user'])"
            ) from error
