"""The interface of a parser: what carries the packets of Socket.IO to clients 1.x to 4.x.

Both ends have to have the same one. There are two here, the default one
(:class:`.text_parser.TextParser`) and :class:`.msgpack.MsgPackParser`; the option ``serializer``
takes any other that has the methods of :class:`Parser`.
"""

from __future__ import annotations

from typing import Protocol

from .packet import Message, Packet


class PacketDecoder(Protocol):
    """One session's incoming messages, to packets; keeps what it has of one that is not whole.

    Its client may send anything: what it can make wait here, and how long reading one message may
    take, is to be bounded. The packet is looked at by the session's dialect, which refuses an event
    without a name, an answer without an id and the like.
    """

    def feed_text(self, message: str) -> Packet | None:
        """Return the packet that a message of text completes, or None while more has to come.

        :param message: as Engine.IO carries it, with its type ``4`` in front.
        :raises PacketError: if it is none; the decoder is not used again.
        """

    def feed_binary(self, message: bytes) -> Packet | None:
        """Return the packet that a message of bytes completes, or None while more has to come.

        :param message: of which there is nothing but what the client's parser has made.
        :raises PacketError: if it is none; the decoder is not used again.
        """


class Parser(Protocol):
    """What packets look like on the wire, for all sessions of a server.

    Its packets are CONNECT, DISCONNECT, EVENT, ACK and CONNECT_ERROR. Source: ``parser`` of
    Socket.IO 2.x to 4.8, where an encoder and a decoder are two classes.
    """

    def encode(self, packet: Packet) -> tuple[Message, ...]:
        """Return the messages of a packet: one, or the first with others of bytes behind it.

        A packet is encoded once for all who get it. The messages must not be changed afterwards.

        :returns: each text with Engine.IO's type ``4`` in front, to spare a copy; bytes without.
        :raises EncodeError: if its data cannot be carried.
        """

    def decoder(self, max_size: int, max_attachments: int) -> PacketDecoder:
        """Return a new decoder, for one session.

        :param max_size: the most bytes that the messages of one packet may have together. Each of
            them has no more anyway.
        :param max_attachments: the most messages of bytes that may follow one of text.
        """

    def older(self) -> Parser:
        """Return what the clients 1.x and 2.x speak, whose parsers were others than those of 3.x
        and 4.x; itself where that is the same."""
