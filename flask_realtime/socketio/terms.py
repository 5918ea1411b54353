"""On which terms a handler is called: how often, and with what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypedDict, cast

from ..exceptions import EventError, OptionError
from ..options.checks import unknown_option
from ..options.rates import make_rate_limit
from .declared import Declared
from .handler import FAILURES, F, Handler
from .rates import Rate
from .shapes import Unfit

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .acks import Answer
    from .socket import Socket


class Terms(TypedDict, total=False):
    """What ``on`` may be told of a handler."""

    rate: str | None
    """How many events of each client it takes, such as ``"10/second"``."""
    burst: int | None
    """How many of them at once; see :class:`.RateLimit`."""
    on_limit: str
    """What happens to the others: ``"error"``, ``"drop"`` or ``"disconnect"``."""
    validate: bool
    """Whether the arguments have to be what the hints of its parameters say."""


_MARK = "_flask_realtime_terms"


def terms(function: None = None, /, **terms: Unpack[Terms]) -> Callable[[F], F]:
    """Say on which terms a method of a class of handlers is called; a decorator::

        class Game(Namespace):
            @terms(rate="10/second", validate=True)
            def on_move(self, x: int, y: int):
                ...

    A function has them too, wherever it is registered; what ``on`` is told itself counts instead.

    :param terms: those of :meth:`.Subscribable.on`.
    :raises OptionError: for a bad value, or a term that does not exist (the nearest is named).
    """
    if function is not None or not terms:
        raise OptionError(
            "write @terms(rate='10/second'), or validate=True: with parentheses, and what it says"
        )
    where = "terms(…)"
    for name in terms:
        if name not in Terms.__annotations__:
            raise OptionError(f"{where}: {unknown_option(name, Terms.__annotations__)}")
    _make_guard(where, "", **terms)  # a bad value is told now

    def mark(function: F) -> F:
        marked = function.__func__ if isinstance(function, staticmethod) else function
        if not callable(marked) or isinstance(marked, type):
            raise EventError(f"{where} stands above a method or a function, not {function!r}")
        setattr(marked, _MARK, {**terms_of(marked), **terms})
        return function

    return mark


def terms_of(function: Any) -> Terms:
    """Return what :func:`terms` has said of a function; nothing of most."""
    marked: Any = getattr(function, _MARK, None)
    if not isinstance(marked, dict):  # a mock has every attribute
        return {}
    return cast(Terms, marked)


class Guard:
    """What an event passes before its handler is called; most handlers have none."""

    __slots__ = ("_declared", "_rate", "_validates")

    def __init__(self, rate: Rate | None, validates: bool) -> None:
        self._rate = rate
        self._validates = validates
        self._declared: Declared | None = None

    def of(self, handler: Handler) -> Guard:
        """Return this guard for a handler.

        :raises EventError: if the hints of its parameters cannot be read.
        """
        guard = Guard(self._rate, self._validates)
        if self._validates:
            guard._declared = Declared(handler)
        return guard

    def admit(
        self, socket: Socket, handler: Handler, args: Sequence[Any], answer: Answer
    ) -> Sequence[Any] | None:
        """Return with what the handler is called; None if it is not, which was seen to."""
        if self._rate is not None and not self._rate.admits(socket, handler.event, answer):
            return None
        if self._declared is None:
            return args
        try:
            return self._declared.read(handler, args, handler.takes_callback and answer.wanted)
        except Unfit as error:
            socket.server.unfit(socket, handler, str(error))
            answer.fail({"error": str(error)})
        except FAILURES as error:  # of a class of the application
            answer.fail(socket.server.handler_failed(socket, handler.event, error, args))
        return None


def make_guard(event: str, terms: Terms, ours: bool) -> Guard | None:
    """Return what the events of a handler have to pass, None if that is nothing.

    :param ours: whether the event comes from us and not from clients.
    :raises OptionError: for a bad value, or a term that does not exist (the nearest is named).
    :raises EventError: if clients do not send such an event.
    """
    if not terms:
        return None
    where = f"on({event!r}, …)"
    _check_names(where, event, terms)
    if ours:
        named = " or ".join(terms)
        raise EventError(f"{event!r} is no event that clients send, so it cannot have {named}")
    return _make_guard(where, f"the handler of {event!r}", **terms)


def _check_names(where: str, event: str, terms: Iterable[str]) -> None:
    known = Terms.__annotations__
    for name in terms:
        if name == "namespace":
            raise OptionError(
                "on() takes a namespace on io alone, which has all of them: write "
                f"io.on({event!r}, namespace='/a') or io.of('/a').on({event!r})"
            )
        if name not in known:
            raise OptionError(f"{where}: {unknown_option(name, known, ['namespace'])}")


def _make_guard(
    where: str,
    what: str,
    rate: str | None = None,
    burst: int | None = None,
    on_limit: str | None = None,
    validate: bool = False,
) -> Guard | None:
    given = {"rate": rate, "burst": burst, "on_limit": on_limit}
    named = {key: value for key, value in given.items() if value is not None}
    if named and rate is None:
        raise OptionError(f"{where} has {', '.join(named)} and no rate, such as rate='10/second'")
    limit = make_rate_limit(where, named, "{1} in {0}") if named else None
    bound = None if limit is None else Rate(limit, what)
    if not isinstance(validate, bool):
        raise OptionError(f"validate is True or False, not {validate!r}")
    return Guard(bound, validate) if bound or validate else None
