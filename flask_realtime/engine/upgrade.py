"""The move of a session from polling to a WebSocket, while messages go on.

The client opens a WebSocket with its sid and sends a ping ``probe``; we answer on the WebSocket
alone. From then on a poll that waits is ended with a noop, so that the client can stop polling;
messages still go out by polls. When no poll is open the client asks for the switch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exceptions import PacketError, ProtocolError
from ..protocol.packet import Message, Packet, PacketType
from ..transports.polling import PollingTransport
from ..transports.websocket import WebSocketTransport
from .states import UPGRADE, SessionState, UpgradeState

if TYPE_CHECKING:
    from .engine import Engine
    from .session import Session

_EVENTS = {PacketType.PING: "probe", PacketType.UPGRADE: "upgrade"}


class Upgrade:
    """Listens to a WebSocket in the session's place, until the switch.

    Whatever goes wrong, or takes longer than ``upgrade_timeout``, ends the WebSocket and leaves
    the session on polling.
    """

    __slots__ = ("_deadline", "_decoder", "_engine", "_polling", "_session", "_state", "_websocket")

    def __init__(
        self,
        engine: Engine,
        session: Session,
        polling: PollingTransport,
        websocket: WebSocketTransport,
    ) -> None:
        self._engine = engine
        self._session = session
        self._polling = polling
        self._websocket = websocket
        self._decoder = session.dialect.decoder()
        self._state = UpgradeState.WAITING
        self._deadline = engine.clock.after(engine.options.upgrade_timeout, self.fail)
        session.upgrade = self
        websocket.listener = self

    def receive(self, message: Message) -> None:
        """Take the probe, then the request to switch.

        :raises PacketError: for anything else, by which the WebSocket ends.
        """
        packet = self._decoder.feed(message)
        event = None if packet is None else _EVENTS.get(packet.type)
        state = UPGRADE.get((self._state, event or ""))
        if packet is None or state is None:
            raise PacketError("not the next step of an upgrade")
        self._state = state
        if state is UpgradeState.PROBED:
            self._answer(packet)
        else:
            self._switch()

    def _answer(self, probe: Packet) -> None:
        if probe.data != "probe":
            raise PacketError("a ping that is no probe")
        pong = self._session.dialect.encode(Packet(PacketType.PONG, data="probe"))
        self._websocket.outbox.put(pong)
        self._polling.upgrading = True
        self._session.tell("upgrading", self._websocket)
        self._polling.nudge()

    def _switch(self) -> None:
        self._deadline.cancel()
        self._session.upgrade = None
        self._session.tell("upgrade", self._websocket)
        self._polling.discard()
        self._session.switch(self._websocket)
        if self._session.state is SessionState.CLOSING:
            self._websocket.close()  # the session has ended meanwhile, and this is its goodbye

    def closed(self, reason: str, error: ProtocolError | None = None) -> None:
        """The WebSocket is gone before the switch."""
        if error is not None:
            self._engine.tell(error, self._session.request, self._session.sid)
        self.fail()

    def fail(self) -> None:
        """Stay on polling."""
        if self._state in (UpgradeState.DONE, UpgradeState.FAILED):
            return
        self._state = UpgradeState.FAILED
        self._deadline.cancel()
        self._session.upgrade = None
        self._polling.upgrading = False
        self._websocket.listener = None
        self._websocket.close()
        self._websocket.outbox.close()
