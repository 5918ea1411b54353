"""The application's function for an event, its signature read once, when it is registered."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from gevent import GreenletExit, Timeout

from ..exceptions import EventError

if TYPE_CHECKING:
    from .terms import Guard

Function = Callable[..., Any]
F = TypeVar("F", bound=Function)

MISSING: Any = None
"""In the place of a function that was forgotten, so that what takes it says how to write it."""

FAILURES = (Exception, Timeout, GreenletExit)
"""What a handler may fail with: gevent's own are no ``Exception``. The rest ends the process."""

_UNLIMITED = 1 << 30


class Handler:
    """The application's function for one event.

    :param is_event: whether `event` names one; else it says what the function is.
    :param takes_callback: whether it also gets the answering function as Node's listeners do, as
        one argument more than came.
    :raises EventError: if `function` is none, is async or a generator, or needs keyword arguments.
    """

    __slots__ = (
        "event",
        "function",
        "given",
        "guard",
        "least",
        "most",
        "prepended",
        "takes_callback",
        "wants_ack",
    )

    def __init__(
        self,
        event: str,
        function: Function,
        takes_callback: bool = False,
        *,
        is_event: bool = True,
    ) -> None:
        what = f"the handler of {event!r}" if is_event else event
        if not callable(function):
            raise EventError(f"{what} is a function, not {function!r}")
        self.event = event
        #: What the application has given.
        self.given = function
        if _is_lazy(function) or _is_lazy(type(function).__call__):
            raise EventError(
                f"{what} must be an ordinary function, and {self} is an async one or a generator: "
                "gevent waits for you, so call what waits without await"
            )
        #: What is called.
        self.function = function
        #: What an event passes first.
        self.guard: Guard | None = None
        self.takes_callback = takes_callback
        #: Whether it was put in front of those that were there.
        self.prepended = False
        self.least, self.most, self.wants_ack = _signature(what, self)

    def takes(self, arguments: int) -> bool:
        """Whether the function can be called with so many arguments."""
        return self.least <= arguments <= self.most

    def asks_for(self, arguments: int) -> bool:
        """Whether it has a parameter for each of so many arguments, and not only room for any
        number."""
        return self.least >= arguments or arguments <= self.most < _UNLIMITED

    def __str__(self) -> str:
        function = inspect.unwrap(self.given)
        while isinstance(function, partial):
            function = inspect.unwrap(function.func)
        code = getattr(function, "__code__", None)
        if code is None:  # an object that can be called, or a function written in C
            code = getattr(type(function).__call__, "__code__", None)
        name = getattr(function, "__qualname__", repr(function))
        return f"{name} ({code.co_filename}:{code.co_firstlineno})" if code else name

    def wrong_arguments(self, event: str, arguments: int) -> str:
        """Say why it cannot be called with so many.

        :param event: the one that came.
        """
        if self.most >= _UNLIMITED:
            takes = f"at least {self.least}"
        else:
            takes = f"{self.least}" if self.least == self.most else f"{self.least} to {self.most}"
        came = f"{arguments} argument" if arguments == 1 else f"{arguments} arguments"
        if self.event != event:
            came += ", its name among them"
        if arguments < self.least:
            advice = "a default makes a parameter optional"
        else:
            advice = "more come with parameters that have defaults, or with *args"
        return f"{event!r} came with {came}, its handler {self} takes {takes}; {advice}"


def check_error_handler(function: Any) -> None:
    """See whether a function can be called with an exception.

    :raises EventError: if not.
    """
    handler = Handler("an error handler", function, is_event=False)
    if not handler.takes(1):
        raise EventError(f"an error handler takes the exception, not as {handler}")


def _is_lazy(function: Any) -> bool:
    """Whether a call runs nothing of the function yet."""
    return (
        inspect.iscoroutinefunction(function)
        or inspect.isgeneratorfunction(function)
        or inspect.isasyncgenfunction(function)
    )


def _signature(what: str, handler: Handler) -> tuple[int, int, bool]:
    """Return the fewest and the most arguments of an event, and whether ``ack`` comes after.

    :param what: how errors call the handler.
    """
    try:
        parameters = list(inspect.signature(handler.given).parameters.values())
    except ValueError:
        if inspect.ismethod(handler.given):
            raise EventError(f"{what}, the method {handler}, has no parameter self") from None
        return 0, _UNLIMITED, False  # some functions written in C do not tell
    positional = [
        parameter
        for parameter in parameters
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    wants_ack = _is_ack(parameters[-1]) if parameters else False
    if wants_ack:
        last = parameters.pop()
        positional = [parameter for parameter in positional if parameter is not last]
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty:
            raise EventError(
                f"{what}, {handler}, needs the keyword argument {parameter.name!r}; an event's "
                "arguments come by position"
            )
    least = sum(parameter.default is parameter.empty for parameter in positional)
    unlimited = any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters)
    return least, _UNLIMITED if unlimited else len(positional), wants_ack


def _is_ack(parameter: inspect.Parameter) -> bool:
    # It is given by its name: arguments before it that have defaults may be missing.
    by_name = (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    return parameter.name == "ack" and parameter.kind in by_name
