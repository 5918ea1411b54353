"""The sessions of a server, by their sids: the one place where a sid is looked up."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from ..protocol.refusals import (
    EXPIRED,
    FOREIGN_WORKER,
    UNKNOWN_SID,
    WRONG_TRANSPORT,
    WRONG_VERSION,
    request_error,
)
from ..protocol.request import ClientRequest
from ..transports.websocket import WebSocketTransport
from .admission import is_foreign

if TYPE_CHECKING:
    from .session import Session

_ENDED = 1000
"""Sessions that are over and whose sids are still known."""


class Sessions(dict[str, "Session"]):
    """Those that are there, and the sids of the latest that were.

    :param own_sids: whether the sids are ours, and say which worker they belong to.
    """

    def __init__(self, own_sids: bool) -> None:
        super().__init__()
        self._own_sids = own_sids
        self._ended: OrderedDict[str, None] = OrderedDict()  # the latest at the end

    def find(self, sid: str) -> Session:
        """Return the session of that name.

        :raises RequestError: code 1 if there is none.
        """
        session = self.get(sid)
        if session is not None:
            return session
        if sid in self._ended:
            raise request_error(EXPIRED, "a session that is over")
        if self._own_sids and is_foreign(sid):
            raise request_error(FOREIGN_WORKER, f"the sid is of the worker {sid[:2]!r}")
        raise request_error(UNKNOWN_SID, "a session of before the last start, or of no server")

    def find_for(self, wanted: ClientRequest, sid: str) -> Session:
        """Return the session of that name, if the request may use it.

        :raises RequestError: code 1 if there is none, 3 if it speaks otherwise.
        """
        session = self.find(sid)
        if session.dialect.name != wanted.dialect:
            used = session.dialect.name
            raise request_error(WRONG_VERSION, f"{wanted.dialect} for a session of {used}")
        if session.dialect.takes_over or wanted.transport == WebSocketTransport.name:
            return session
        if session.transport.name != wanted.transport:
            used = session.transport.name
            raise request_error(WRONG_TRANSPORT, f"{wanted.transport} for a session on {used}")
        return session

    def forget(self, sid: str) -> bool:
        """Drop a session that is over; return whether it was there."""
        if self.pop(sid, None) is None:
            return False
        self._ended[sid] = None
        if len(self._ended) > _ENDED:
            self._ended.popitem(last=False)
        return True
