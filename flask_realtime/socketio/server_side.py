"""Events from one server of a cluster to the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from ..adapters.adapter import NODE_TIMEOUT, Gathered
from ..exceptions import NodeTimeout
from .handler import FAILURES
from .outgoing import check_emitted
from .threads import Result, wait_for

if TYPE_CHECKING:
    from .namespace import Namespace

Answered = Callable[[Any], None]


def server_side_emit(
    namespace: Namespace, event: str, args: Iterable[Any], callback: Callable[..., Any] | None
) -> None:
    """Send an event to the other nodes; see :meth:`.Addressable.server_side_emit`."""
    check_emitted(event)
    data = [event, *args]
    if callback is None and callable(data[-1]):
        callback = data.pop()
    done = None if callback is None else partial(_call_back, namespace, event, callback)
    engine = namespace.server.engine
    emit = partial(namespace.adapter.server_side_emit, data, NODE_TIMEOUT, done)
    if engine.elsewhere:
        engine.post(emit)
    else:
        emit()


def _call_back(
    namespace: Namespace, event: str, callback: Callable[..., Any], gathered: Gathered
) -> None:
    error = _missing(event, gathered)
    answers = list(gathered.answers.values())
    namespace.run(callback, error, answers)


def server_side_ask(
    namespace: Namespace, event: str, args: Iterable[Any], timeout: float
) -> list[Any]:
    """Send an event to the other nodes and return their answers.

    :raises NodeTimeout: if one is missing.
    """
    check_emitted(event)

    def begin(result: Result) -> None:
        namespace.adapter.server_side_emit([event, *args], timeout, result.set)

    gathered: Gathered = wait_for(namespace.server, begin)
    error = _missing(event, gathered)
    if error is not None:
        raise error
    return list(gathered.answers.values())


def _missing(event: str, gathered: Gathered) -> NodeTimeout | None:
    if not gathered.silent_nodes:
        return None
    return node_timeout(f"to {event!r}", gathered)


def node_timeout(what: str, gathered: Gathered) -> NodeTimeout:
    """Return the error that says how many nodes have not answered."""
    silent, heard = gathered.silent_nodes, len(gathered.answers)
    asked = f"{silent} of {silent + heard} other nodes"
    return NodeTimeout(f"{asked} did not answer {what} in time", gathered.answers, gathered.silent)


class ServerSideAnswer:
    """The answer to an event from another node: given once, and only if it was asked for."""

    __slots__ = ("_answered",)

    def __init__(self, answered: Answered | None) -> None:
        self._answered = answered

    def __call__(self, value: Any = None) -> None:
        answered, self._answered = self._answered, None
        if answered is not None:
            answered(value)


def handle_server_side(namespace: Namespace, data: list[Any], answered: Answered | None) -> None:
    """Run the handler of an event from another node, in a greenlet of its own."""
    event, *args = data
    handlers = namespace.server_side_handlers().find(event)
    answer = ServerSideAnswer(answered)
    if not handlers:
        answer()  # rather than have the other node wait for nobody
    for handler in handlers:
        function: Callable[..., Any] = handler.function
        if handler.wants_ack:
            function = partial(function, ack=answer)
        try:
            if not handler.takes(len(args)):
                raise TypeError(handler.wrong_arguments(event, len(args)))
            result = namespace.server.aside(function, args)
        except FAILURES as error:
            namespace.server.log.error(
                "server-side handler of %r in %s failed", event, namespace.name, exc_info=error
            )
            continue  # the other node gets no answer, and will say so
        if result is not None or not handler.wants_ack:
            answer(result)
