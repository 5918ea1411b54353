"""A namespace that writes down what an adapter tells it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..protocol.packet import Packet


class Asked:
    """What :meth:`Recorder.deliver_with_ack` was told."""

    def __init__(
        self,
        ids: list[str],
        packet: Packet,
        volatile: bool,
        answered: Callable[[str, list[Any] | None], None],
    ) -> None:
        self.ids = ids
        self.packet = packet
        self.volatile = volatile
        self.answered = answered
        self.stopped = False

    def stop(self) -> None:
        """No answer is waited for any more."""
        self.stopped = True


class _Later:
    def __init__(self, when: float, action: Callable[[], None]) -> None:
        self.when = when
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        self.action = None


class Recorder:
    """A namespace on one node (:class:`.Local`). Its time stands still until a test moves it."""

    def __init__(self, name: str = "/") -> None:
        self.name = name
        self.delivered: list[tuple[list[str], Packet, bool]] = []
        self.asked: list[Asked] = []
        self.sent_away: list[tuple[str, bool]] = []
        self.encoded: list[Packet] = []
        #: Events from other nodes, and who waits for their answers.
        self.events: list[tuple[list[Any], Callable[[Any], None] | None]] = []
        #: Called for each socket that is sent away, as a real one leaves its rooms.
        self.on_sent_away: Callable[[str], Any] = lambda id: None
        self._now = 1000.0
        self._later: list[_Later] = []

    def deliver(self, ids: Iterable[str], packet: Packet, volatile: bool) -> None:
        self.delivered.append((list(ids), packet, volatile))

    def here(self, ids: Iterable[str]) -> list[str]:
        return list(ids)

    def deliver_with_ack(
        self,
        ids: Iterable[str],
        packet: Packet,
        volatile: bool,
        answered: Callable[[str, list[Any] | None], None],
    ) -> Callable[[], None]:
        asked = Asked(list(ids), packet, volatile, answered)
        self.asked.append(asked)
        return asked.stop

    def describe(self, id: str) -> dict[str, Any] | None:
        return {"id": id, "handshake": {}, "rooms": [id], "data": {}}

    def send_away(self, id: str, close: bool) -> None:
        self.sent_away.append((id, close))
        self.on_sent_away(id)

    def server_side(self, data: list[Any], answered: Callable[[Any], None] | None) -> None:
        self.events.append((data, answered))

    def encode(self, packet: Packet) -> None:
        self.encoded.append(packet)

    def run(self, function: Callable[..., Any], *args: Any) -> None:
        function(*args)

    # Time

    def now(self) -> float:
        return self._now

    def after(self, seconds: float, action: Callable[[], None]) -> _Later:
        later = _Later(self._now + seconds, action)
        self._later.append(later)
        return later

    def pass_by(self, seconds: float) -> None:
        """Let some time pass, and do what is due then."""
        self._now += seconds
        due = [later for later in self._later if later.when <= self._now]
        for later in due:
            self._later.remove(later)
            if later.action is not None:
                later.action()
