"""Socket.IO protocol 1: the clients 0.7 to 0.9, from before Engine.IO.

A message is ``<type>:[<id>[+]]:[<namespace>][:<data>]``, and everything has one of nine types, what
Engine.IO does later included. Sources: the socket.io-spec document, and what socket.io 0.9.19 and
socket.io-client 0.9.17 do where it is silent.
"""

from __future__ import annotations

import json as stdlib_json
import math
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, cast

from ..exceptions import EncodeError, PacketError, RequestError
from .attachments import replace
from .client_side import SIO09ClientDecoder
from .dialect import Dialect
from .json import Codec, ascii_json
from .packet import NO_PACKET, Encoded, EnginePacket, Message, Packet, PacketType
from .reason import Reason
from .refusals import (
    BAD_HOST,
    BAD_METHOD,
    BAD_ORIGIN,
    BAD_VERSION,
    NOT_ALLOWED,
    UNKNOWN_SID,
    UNKNOWN_TRANSPORT,
)
from .request import HANDSHAKE, JSONP, NAMES_09, POLLING
from .sio09_decoder import MARK, SIO09Decoder, unframe
from .utf16 import length

_TEXT = "text/plain; charset=UTF-8"
_MAX_SECONDS = 2_147_483
"""The longest that JavaScript's timers wait (2**31 ms); a longer one ends at once."""

_WIRE_NAMES = {name: wire_name for wire_name, name in NAMES_09.items()}

_WITHOUT_DATA = {
    PacketType.CONNECT: "1::",
    PacketType.DISCONNECT: "0::",
    PacketType.CLOSE: "7:::1+0",  # no session; begin anew
    PacketType.PING: "2::",
    PacketType.PONG: "2::",
    PacketType.NOOP: "8::",
}
_ERRORS = {
    UNKNOWN_TRANSPORT.code: b"7:::0",  # reason 0: transport not supported
    UNKNOWN_SID.code: b"7:::1+0",  # reason 1: client not handshaken; advice 0: reconnect
    NOT_ALLOWED.code: b"handshake unauthorized",
    BAD_VERSION.code: b"Protocol version not supported.",
}


_ENGINE_TYPES = {"2:": "heartbeat", "8:": "noop"}

_SILENT = (HANDSHAKE, POLLING, JSONP)
"""Transports that carry no pings: who polls shows by that that he is there."""

_WANTED_ENDS = (
    Reason.CLIENT_DISCONNECT,
    Reason.SERVER_DISCONNECT,
    Reason.FORCED_SERVER_CLOSE,
    Reason.TRANSPORT_CLOSE,
)


class SIO09(Dialect):
    """The dialect of the clients 0.7 to 0.9.

    They have no binary: each one becomes ``{"base64": true, "data": "<base64>"}``, which is also
    what clients 1.x hand to their pages where the browser has no ArrayBuffer.

    :param codec: the server's JSON.
    :param max_packets: messages in one polling body.
    """

    name = "sio09"
    protocol = 1
    server_pings = True
    joins_root = True
    strict = False
    public_sid = True
    sends_credentials = True
    handshake_methods = ("GET", "POST")  # the clients' is GET, the specification's was POST
    ends_with_root = True
    hixie = True
    scripts_errors = True
    takes_over = True
    posted = (b"1", _TEXT)
    jsonp_callback = "io.j"

    def __init__(self, codec: Codec, max_packets: int) -> None:
        self._codec = codec
        self.max_packets = max_packets
        self._decoder = SIO09Decoder(codec)

    def pings_over(self, transport: str) -> bool:
        return transport not in _SILENT

    def decoder(self) -> SIO09Decoder:
        return self._decoder  # one for all: it keeps nothing between messages

    def client_decoder(self) -> SIO09ClientDecoder:
        return SIO09ClientDecoder(self._codec)

    def _encode(self, packet: Packet) -> Encoded:
        return Encoded((self._text(packet),))

    def _text(self, packet: Packet) -> str:
        packet_type = packet.type
        name = packet.namespace if packet.namespace != "/" else ""
        if packet_type is PacketType.EVENT:
            return self._event(packet, name)
        if packet_type is PacketType.ACK:
            values = "+" + self._json(packet.data) if packet.data else ""
            return f"6::{name}:{packet.id}{values}"
        if packet_type is PacketType.CONNECT_ERROR:
            return f"7::{name}:2"
        if packet_type is PacketType.OPEN:
            return cast(str, packet.data)
        text = _WITHOUT_DATA.get(packet_type)
        if text is None:
            raise EncodeError(f"clients 0.9 have nothing like {packet_type.name}")
        return text + name

    def _event(self, packet: Packet, name: str) -> str:
        # Always with the "+": without it client 0.9 acknowledges messages on receipt, whatever
        # their listeners do, and events never.
        head = f":{name}" if packet.id is None else f"{packet.id}+:{name}"
        event, *args = packet.data
        if event == "message" and len(args) == 1:
            return self._message(args[0], head, packet.json)
        named = {"name": event, "args": args} if args else {"name": event}
        return f"5:{head}:{self._json(named)}"

    def _message(self, value: Any, head: str, as_json: bool) -> str:
        # What the servers 0.9 wrote for send(). Client 0.9 hands it to the same listeners as an
        # event of that name; clients in other languages have some of their own for it.
        if as_json or not isinstance(value, str) or not _is_unicode(value):
            return f"4:{head}:{self._json(value)}"
        return f"3:{head}:" + value if value else f"3:{head}"

    def _json(self, value: Any) -> str:
        text, attachments = self._codec.dumps(value)
        if attachments:
            text, _ = self._codec.dumps(replace(value, _to_base64))
        # Client 0.9 reads an ACK's values up to the first line end, such as a raw U+2028.
        return ascii_json(text)

    def as_engine_packet(self, message: Message) -> EnginePacket:
        if isinstance(message, bytes):
            return NO_PACKET
        name = _ENGINE_TYPES.get(message[:2])
        if name is not None:
            return EnginePacket(name, None)
        # Only the answer to a handshake begins otherwise: by the sid.
        is_answer = message[1:2] not in (":", "")
        return EnginePacket("open" if is_answer else "message", message)

    def encode_payload(self, messages: Iterable[Message]) -> tuple[bytes, str]:
        texts = cast("list[str]", list(messages))
        if len(texts) == 1:
            return texts[0].encode(), _TEXT
        return "".join(f"{MARK}{length(text)}{MARK}{text}" for text in texts).encode(), _TEXT

    def decode_payload(self, body: bytes, content_type: str) -> Iterator[Message]:
        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise PacketError("a polling body that is no UTF-8") from None
        if text.startswith(MARK):
            return unframe(text, self.max_packets)
        return iter((text,) if text else ())

    def open_packet(
        self, sid: str, transports: Sequence[str], ping_interval: float, ping_timeout: float
    ) -> Packet:
        """Return the answer to a handshake, which goes out alone in its body.

        :param transports: all that the client may use, as the option of that name has them.

        Both of the client's time-outs begin anew with whatever comes, and something comes every
        `ping_interval`. Neither may be empty: client 0.9.17 would take that for 0.
        """
        seconds = min(math.ceil(ping_interval + ping_timeout), _MAX_SECONDS)
        names = ",".join(_WIRE_NAMES.get(name, name) for name in transports)
        return Packet(PacketType.OPEN, data=f"{sid}:{seconds}:{seconds}:{names}")

    def connect_packet(self, namespace: str, socket_id: str, pid: str | None = None) -> Packet:
        return Packet(PacketType.CONNECT, namespace)

    def refusal_packet(self, namespace: str, message: str, data: Any) -> Packet:
        """Return the answer to a client that may not join `namespace`.

        It says "unauthorized" (reason 2), and has no place for the message or the data.
        """
        return Packet(PacketType.CONNECT_ERROR, namespace)

    def socket_id(self, sid: str, namespace: str, new_id: Callable[[], str]) -> str:
        return sid  # clients show it as theirs, in every namespace

    def last_word(self, reason: str) -> PacketType:
        # Behind a DISCONNECT client 0.9 stays away, and nothing else tells an htmlfile of an end.
        return PacketType.DISCONNECT if reason in _WANTED_ENDS else PacketType.CLOSE

    def form_text(self, field: str) -> str:
        if not field.startswith('"'):
            # Clients before 0.8.6 wrote the payload as it is, and browsers made each LF a CRLF.
            return field.replace("\r\n", "\n")
        try:
            text: str = stdlib_json.loads(field)
        except ValueError:
            raise PacketError("a form whose field is no JSON string") from None
        # Half a surrogate pair can be escaped in JSON; elsewhere a browser sends it as U+FFFD.
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def error_body(self, error: RequestError) -> tuple[bytes, str]:
        if error.name in (BAD_ORIGIN.name, BAD_HOST.name):
            return b"handshake bad origin", _TEXT
        return _ERRORS.get(error.code, b"handshake error"), _TEXT

    def refusal_message(self, error: RequestError) -> str | None:
        # A failed handshake would have the client try other transports with the same sid.
        return _ERRORS[error.code].decode() if error.code == UNKNOWN_SID.code else None

    def error_status(self, error: RequestError) -> str:
        if error.code == UNKNOWN_SID.code:
            return "200 OK"  # the body is a packet, which tells the client to begin anew
        if error.code in (BAD_METHOD.code, BAD_VERSION.code):
            return "500 Internal Server Error"
        # For an unknown transport too: after a 200 the client would poll again, and so on.
        return error.http_status


def _to_base64(data: bytes) -> dict[str, Any]:
    return {"base64": True, "data": b64encode(data).decode()}


def _is_unicode(text: str) -> bool:
    """Whether `text` is without half surrogate pairs, which only JSON carries."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
