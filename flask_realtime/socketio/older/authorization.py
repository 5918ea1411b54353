"""The authorization of Socket.IO 0.9, for all generations: who may have a session, or a namespace.

It is asked with the handshake and says yes or no, by what it returns or by a callback
``(error, authorized, new_data=None)``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ...exceptions import ConnectionRefusedError, EventError
from ...protocol.refusals import HANDSHAKE_ERROR, NOT_ALLOWED, request_error
from ...transports.http import Request
from ..handler import FAILURES, Function, Handler
from ..handshake import Handshake, make_handshake
from ..verdict import Undecided, Verdict

if TYPE_CHECKING:
    from ..server import Server
    from ..socket import Socket

UNAUTHORIZED = "unauthorized"

Run = Callable[[Function, Sequence[Any]], Any]


class AuthorizationError(Exception):
    """What an authorization has called back with in the place of an answer."""


class Authorization:
    """One function that decides by the handshake.

    :param function: ``(handshake)``, or ``(handshake, callback)``, by its signature.
    :raises EventError: for a function that can take neither.
    """

    __slots__ = ("_handler", "_wants_callback")
    name = "authorization"

    def __init__(self, function: Function) -> None:
        self._handler = Handler(self.name, function, is_event=False)
        if not (self._handler.takes(1) or self._handler.takes(2)):
            raise EventError(
                "an authorization takes (handshake) or (handshake, callback), not as "
                f"{self._handler}"
            )
        self._wants_callback = not self._handler.takes(1)

    def __str__(self) -> str:
        return f"the authorization {self._handler}"

    def admit(self, socket: Socket) -> None:
        """Decide on a client of a namespace; raises what refuses it."""
        verdict = Verdict(socket.engine, self)
        self._ask(partial(socket.server.around, socket), socket.handshake, verdict)
        new_data = socket.wait_for(verdict)
        if new_data is not None:
            socket.handshake = socket.handshake.replaced(new_data)

    def authorize(self, server: Server, request: Request) -> None:
        """Decide on a handshake.

        :raises RequestError: code 4 for a no, 3 with the status 500 for a failure.
        """
        handshake = make_handshake(request)
        verdict = Verdict(server.engine, self)
        try:
            self._ask(partial(server.around_request, request), handshake, verdict)
            new_data = verdict.wait()
        except ConnectionRefusedError as refusal:
            told = "" if refusal.message == UNAUTHORIZED else refusal.message
            raise request_error(NOT_ALLOWED, f"{self}: {refusal.message!r}", told) from None
        except (AuthorizationError, Undecided) as error:
            raise request_error(HANDSHAKE_ERROR, f"{self}: {error}") from None
        except FAILURES as error:
            server.log.error("%s failed", self, exc_info=error)
            raise request_error(HANDSHAKE_ERROR, f"{self} failed") from None
        if new_data is not None:
            request.handshake = handshake.replaced(new_data)

    def _ask(self, run: Run, handshake: Handshake, verdict: Verdict) -> None:
        if self._wants_callback:
            run(self._handler.function, [handshake, partial(_called_back, verdict)])
        else:
            _called_back(verdict, None, run(self._handler.function, [handshake]))


def _called_back(
    verdict: Verdict,
    error: Any = None,
    authorized: Any = False,
    new_data: Mapping[str, Any] | None = None,
) -> None:
    """Take what the application says.

    :param error: what went wrong; the client is not told what.
    :param new_data: what the handshake is from now on.
    """
    if error:
        verdict.give(error=AuthorizationError(str(error)))
    elif authorized:
        verdict.give(new_data)
    else:
        verdict.give(error=ConnectionRefusedError(UNAUTHORIZED))
