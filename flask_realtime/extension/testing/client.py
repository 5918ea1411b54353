"""The client for tests, without a server or a network."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode
from warnings import warn
from weakref import WeakValueDictionary

import gevent
from flask import Flask

from ...exceptions import UsageError
from ...protocol.packet import Packet, PacketType
from ..mounting import mounted_on
from .clock import StoppedClock
from .recovery import Recovery
from .request import fix, join, keep_cookies, make_environ
from .session import (
    ClientSession,
    Protocol,
    Received,
    Refused,
    check_protocol,
    full_name,
    refusal,
)
from .wait import STEP, let_run, settle, unhandled_of

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from ..extension import SocketIO


class SocketIOTestClient:
    """A client in the same process: what ``io.test_client(app)`` returns.

    It takes the way of every client, but for the network: the handshake with its origin, cookies
    and ``allow_request``, the encoding of its generation, the inbox. Yet it is deterministic:
    :meth:`connect`, :meth:`emit`, :meth:`send`, :meth:`ack` and :meth:`disconnect` return when all
    that any client has sent is handled. They do not wait for background tasks, nor for a handler
    that asks a client by ``call`` and has no answer yet. An exception of a handler that no error
    handler takes is raised there, unless the application's ``PROPAGATE_EXCEPTIONS`` is False.

    Names, parameters and results are Flask-SocketIO's; some are more.

    :param app: the application.
    :param socketio: its :class:`.SocketIO`.
    :param namespace: the namespace to join, the root if None. Clients before 3.x are in the root
        namespace in any case.
    :param query_string: of the handshake, with or without its ``?``. A handler sees it as it is
        given here, without what the protocol adds.
    :param headers: of the handshake.
    :param auth: a dict for the ``connect`` handler. Clients before 3.x say it in a query, so that
        its values arrive as text.
    :param flask_test_client: whose cookies the handshake takes along.
    :param protocol: the generation: 4 for the clients 3.x and 4.x, 3 for 1.x and 2.x, ``"0.9"`` for
        0.7 to 0.9.
    :param timeout: how long handlers may take until a call gives up, seconds.
    :raises UsageError: if `socketio` does not serve `app`.
    """

    #: All of them, by their sids.
    clients: ClassVar[WeakValueDictionary[str, SocketIOTestClient]] = WeakValueDictionary()

    def __init__(
        self,
        app: Flask,
        socketio: SocketIO,
        namespace: str | None = None,
        query_string: str | Mapping[str, Any] | None = None,
        headers: Any = None,
        auth: Any = None,
        flask_test_client: FlaskClient | None = None,
        protocol: Protocol = 4,
        timeout: float = 10.0,
    ) -> None:
        if socketio not in mounted_on(app):
            raise UsageError(f"this SocketIO does not serve {app!r}; call io.init_app(app) first")
        self.app = app
        self.socketio = socketio
        self.flask_test_client = flask_test_client
        self.protocol = check_protocol(protocol)
        self.timeout = timeout
        #: The sid of its latest session; empty if there never was one.
        self.eio_sid = ""
        #: Answers that were asked for so far.
        self.callback_counter = 0
        #: Whether it is in a namespace, by name; one that it has left itself is not there.
        self.connected: dict[str, bool] = {}
        #: What has come and was not fetched.
        self.queue: list[Received] = []
        #: The latest answer that came and was not returned, as ``{"args": […], "namespace": …}``.
        self.acks: dict[str, Any] | None = None
        #: What the server said where it did not let the client in, by namespace:
        #: ``{"message": …, "data": …}``, without data if there are none. A client 1.x or 2.x that
        #: is told data is not told the message, which is empty then, and 0.9 has no data.
        self.refused: dict[str, Any] = {}
        self._sessions: list[ClientSession] = []
        self._recovery = Recovery()
        self._where: dict[str, ClientSession] = {}
        self._asked: int | None = None  # the number of the answer that is waited for
        self._answer: list[Any] | None = None
        self._unhandled = unhandled_of(socketio.server, app)
        self.connect(namespace, query_string, headers, auth)

    def is_connected(self, namespace: str | None = None) -> bool:
        """Whether the client is in a namespace; the root if None."""
        return self.connected.get(full_name(namespace), False)

    def get_sid(self, namespace: str | None = None) -> str:
        """Return the id of the client's socket in a namespace, by which others reach it.

        :raises RuntimeError: if the client is not in it.
        """
        return self._session(namespace).ids[full_name(namespace)]

    def connect(
        self,
        namespace: str | None = None,
        query_string: str | Mapping[str, Any] | None = None,
        headers: Any = None,
        auth: Any = None,
    ) -> None:
        """Join one more namespace, or one again; as the constructor, which has done it once.

        By the connection that is there, as browsers do, unless `query_string` or `headers` are
        given: those belong to a handshake, so they make another connection.

        :raises UsageError: if it is in that namespace, or `auth` is no dict.
        """
        name = full_name(namespace)
        if self.is_connected(name):
            raise UsageError(f"the client is in {name!r} already")
        self.refused.pop(name, None)
        query = self._query(auth)
        try:
            if query_string or headers or not self._sessions:
                session = self._open(query_string, headers, query)
            else:
                session = self._sessions[-1]
        except Refused as refused:
            self.refused[name] = {"message": str(refused)}
            return
        session.join(name, self._recovery.claim(name, auth), query)
        self._settle()

    def _query(self, auth: Any) -> str:
        """What a client before 3.x says instead of `auth`."""
        if auth is not None and not isinstance(auth, Mapping):
            raise UsageError(f"auth is a dict, as clients have it, not {auth!r}")
        return urlencode(auth) if auth and self.protocol != 4 else ""

    def _open(self, query_string: Any, headers: Any, query: str) -> ClientSession:
        """Make a connection.

        :param query: more of the query.
        """
        server, client = self.socketio.server, self.flask_test_client
        path = server.options.path + ("/1/" if self.protocol == "0.9" else "/")
        environ = make_environ(self.app, path, join(query_string, query), headers, client)
        mounted = mounted_on(self.app)[self.socketio]
        mounted.name_application(environ)
        fix(environ, mounted.application)
        session = ClientSession(server, self._take, self._ended)
        answered = session.open(environ, self.protocol)
        if client is not None:
            keep_cookies(client, environ, answered)
        server.turn.crashed = self._unhandled.crashed
        self._sessions.append(session)
        self.eio_sid = session.sid
        self.clients[session.sid] = self
        return session

    def disconnect(self, namespace: str | None = None) -> None:
        """Leave a namespace; with the last one, the connection is closed.

        :raises RuntimeError: if it is not in it.
        """
        session = self._session(namespace)
        name = full_name(namespace)
        session.namespaces.discard(name)
        session.send(Packet(PacketType.DISCONNECT, name))
        if not session.namespaces:
            session.leave()
        self.connected.pop(name, None)
        self._settle()

    def drop(self, noticed: bool = True) -> None:
        """Lose the connection without a goodbye, as when a network fails.

        With the option ``connection_state_recovery``, :meth:`connect` goes on where it was. Events
        have one more argument then, as in browsers: where they stand.

        :param noticed: whether the server sees that the connection has ended. False: as when a
            phone is out of reach, it finds out when no answer to its ping has come; :meth:`clock`
            lets that time pass.
        """
        for session in list(self._sessions):
            if noticed:
                session.leave()
            else:
                session.vanish()
        self._settle()

    def clock(self) -> StoppedClock:
        """Stop the time of the server, in a ``with`` block, so that it passes when the test says.

        .. code-block:: python

            client.drop(noticed=False)
            with client.clock() as clock:
                clock.advance(45)               # ping_interval + ping_timeout
        """
        return StoppedClock(self.socketio.server, self._settle)

    def emit(
        self,
        event: str,
        *args: Any,
        callback: bool = False,
        namespace: str | None = None,
        **ignored: Any,
    ) -> Any:
        """Send an event.

        :param callback: whether to ask for an answer.
        :param ignored: accepted for Flask-SocketIO's sake, and without effect; warned of.
        :returns: the answer: one value, or a list of none or several. None if none was asked for,
            or if the handler has not answered yet.
        :raises RuntimeError: if the client is not in the namespace.
        :raises EncodeError: if an argument cannot be carried.
        :raises TimeoutError: if handlers take longer than the client's `timeout`.
        """
        for name in ignored:
            warn(f"emit() of a test client has no {name}, which changes nothing", stacklevel=2)
        session = self._session(namespace)
        number = None
        if callback:
            self.callback_counter += 1
            number = self.callback_counter
        self._asked, self._answer = number, None
        session.send(Packet(PacketType.EVENT, full_name(namespace), [event, *args], number))
        try:
            self._settle()
        finally:
            self._asked = None
        return _value(self._answer)

    def send(
        self, data: Any, json: bool = False, callback: bool = False, namespace: str | None = None
    ) -> Any:
        """Send a ``message`` event, or with `json` a ``json`` event; else as :meth:`emit`."""
        event = "json" if json else "message"
        return self.emit(event, data, callback=callback, namespace=namespace)

    def ack(self, packet: Received, *args: Any) -> Any:
        """Answer an event of the server's, one that :meth:`get_received` has returned.

        :returns: the answer of a handler that had to wait for this one, as :meth:`emit` would have.
        :raises UsageError: if the server has not asked for one.
        """
        if packet.id is None:
            raise UsageError(f"the server wants no answer to {packet['name']!r}")
        session = self._session(packet["namespace"])
        session.send(Packet(PacketType.ACK, packet["namespace"], [*args], packet.id))
        self._settle()
        answer, self.acks = self.acks, None
        return _value(answer["args"] if answer else None)

    def get_received(self, namespace: str | None = None) -> list[Received]:
        """Return the events that came to a namespace since the last call.

        :raises RuntimeError: if the client is not in it.
        """
        self._session(namespace)
        self._go_on()
        name = full_name(namespace)
        received = [packet for packet in self.queue if packet["namespace"] == name]
        self.queue = [packet for packet in self.queue if packet["namespace"] != name]
        return received

    def wait_for(
        self, event: str | None = None, timeout: float = 5.0, namespace: str | None = None
    ) -> Received:
        """Wait for an event that a background task or a slow handler sends, and fetch it.

        :param event: its name; None for any.
        :param timeout: seconds.
        :raises TimeoutError: if it does not come in time.
        """
        deadline = monotonic() + timeout
        while True:
            self._go_on()
            for packet in self.queue:
                if packet["namespace"] == full_name(namespace) and event in (None, packet["name"]):
                    self.queue = [other for other in self.queue if other is not packet]
                    return packet
            if monotonic() >= deadline:
                came = ", ".join(str(packet["name"]) for packet in self.queue) or "nothing"
                raise TimeoutError(f"no {event or 'event'!r} within {timeout} s; there is: {came}")
            gevent.sleep(STEP)

    receive = wait_for

    # What comes

    def _session(self, namespace: str | None) -> ClientSession:
        if not self.is_connected(namespace):
            raise RuntimeError(self._not_connected(full_name(namespace)))
        return self._where[full_name(namespace)]

    def _not_connected(self, name: str) -> str:
        if name in self.refused:
            told = f"client.refused[{name!r}] is {self.refused[name]}"
            return f"not connected to {name!r}, it was refused: {told}"
        return f"not connected to {name!r}; client.connect({name!r}) joins it"

    def _take(self, session: ClientSession, packet: Packet) -> None:
        kind, name = packet.type, packet.namespace
        if kind is PacketType.EVENT:
            self._recovery.received(packet)
            self.queue.append(Received(packet))
        elif kind is PacketType.ACK:
            self._take_answer(packet)
        elif kind is PacketType.CONNECT:
            self.connected[name] = True
            self._where[name] = session
            session.ids[name] = session.socket_id(packet)
            self._recovery.joined(packet)
        elif kind is PacketType.CONNECT_ERROR:
            session.namespaces.discard(name)
            self.refused[name] = refusal(packet.data)
        elif self.is_connected(name):
            session.namespaces.discard(name)
            self.connected[name] = False

    def _take_answer(self, packet: Packet) -> None:
        args = packet.data or []
        if packet.id == self._asked:
            self._answer = args
        else:
            self.acks = {"args": args, "namespace": packet.namespace}

    def _ended(self, session: ClientSession) -> None:
        self._sessions.remove(session)
        for name in [name for name, where in self._where.items() if where is session]:
            del self._where[name]
            if name in self.connected:
                self.connected[name] = False

    # Waiting

    def _settle(self) -> None:
        settle(self.socketio.server, self.timeout)
        for session in [each for each in self._sessions if each.is_useless]:
            session.leave()
            settle(self.socketio.server, self.timeout)
        self._unhandled.raise_first()

    def _go_on(self) -> None:
        let_run()
        self._unhandled.raise_first()


def _value(args: list[Any] | None) -> Any:
    """What an answer is returned as."""
    return args[0] if args and len(args) == 1 else args
