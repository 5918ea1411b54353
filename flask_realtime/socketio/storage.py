"""What belongs to a session: values that its sockets in all namespaces share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload

import gevent

from ..engine.admission import new_id
from ..engine.clock import Deadline
from ..exceptions import Disconnected, StoreError
from ..store.values import check_key
from .handler import Handler
from .threads import Result, wait_for

if TYPE_CHECKING:
    from .client import Client
    from .server import Server

Self = TypeVar("Self", bound="Storage")
Callback = Callable[..., Any]
Action = Callable[[], Any]


class SessionValues:
    """Under which key the values of a session are, and until when.

    Exists for those that have some, or may have.

    :param key: of values that are there already, else empty.
    """

    __slots__ = ("_over", "_renewal", "_server", "key")

    def __init__(self, server: Server, key: str = "") -> None:
        self._server = server
        self._over = False
        self._renewal: Deadline | None = None
        #: Nobody can guess it, and it is not the sid, which is a secret of the client's.
        self.key = key or new_id()
        if key:
            server.expiries.set(key, None)
        self._renew_later()

    def written(self) -> None:
        """Something was written, or may have been; it may have come behind the end."""
        if self._over:
            self.end()

    def end(self) -> None:
        """The session is over: its values stay for a while."""
        self._over = True
        if self._renewal is not None:
            self._renewal.cancel()
            self._renewal = None
        self._server.expiries.set(self.key, self._server.store_expiration)

    def _renew_later(self) -> None:
        interval = self._server.store.renewal
        if interval is not None and not self._over:
            self._renewal = self._server.engine.clock.after(interval, self._renew)

    def _renew(self) -> None:
        self._server.expiries.set(self.key, None)
        self._renew_later()


class Storage:
    """What a :class:`.Socket` keeps for its session.

    The values belong to the session: its sockets in all namespaces share them, and they are there
    after a change of the transport, in ``disconnect`` handlers, and for who comes back by the
    option ``connection_state_recovery``. They stay ``store_expiration`` seconds after the session's
    end, or as long as it may come back. Where they are kept the option ``store`` says; with Redis
    each call may wait, and may raise a :exc:`.StoreError`.

    Each method takes a callback as its last argument, as in Socket.IO 0.9 (rows L10 to L12). It is
    called before the method returns, with an error or None, and with the value where there is one;
    it gets as many of the two as it takes. An error is one of the store's, or that the client has
    left; mistakes in the call are raised.
    """

    __slots__ = ()

    client: Client

    @property
    def server(self) -> Server:
        """The server whose client this is."""
        raise NotImplementedError

    @property
    def store_key(self) -> str:
        """Under which key the store has the values: for other processes with the same store.

        ``RedisStore(url).get(key, "nickname")`` reads there what ``socket.set`` has kept here. It
        is empty as long as nothing was kept.
        """
        return self.client.store_key

    def set(self: Self, key: str, value: Any, callback: Callback | None = None) -> Self:
        """Keep a value.

        :param value: what JSON can carry.
        :param callback: called with an error or None.
        :returns: itself.
        :raises EncodeError: if JSON cannot carry it, or `key` is no text; the message says what.
        :raises Disconnected: if the client has left.
        :raises StoreError: if the store could not be reached.
        """
        self._do(callback, lambda: self._write("set", key, value), tells=False)
        return self

    @overload
    def get(self, key: str, default: Callback) -> None: ...

    @overload
    def get(self, key: str, default: Any = None) -> Any: ...

    def get(self, key: str, default: Any = None) -> Any:
        """Return a kept value.

        :param default: returned where there is none; or a callback, called with an error or None,
            and with the value, or None where there is none.
        :raises StoreError: if the store could not be reached.
        """
        check_key(key)
        if callable(default):
            self._do(default, lambda: self._read("get", None, key))
            return None
        return self._do(None, lambda: self._read("get", default, key, default))

    def has(self, key: str, callback: Callback | None = None) -> bool:
        """Return whether a value is kept.

        :param callback: called with an error or None, and with what is returned.
        :raises StoreError: if the store could not be reached.
        """
        check_key(key)
        return bool(self._do(callback, lambda: self._read("has", False, key)))

    def delete(self: Self, key: str, callback: Callback | None = None) -> Self:
        """Drop a kept value; nothing happens where there is none.

        :param callback: called with an error or None.
        :returns: itself.
        :raises StoreError: if the store could not be reached.
        """
        check_key(key)
        self._do(callback, lambda: self._read("delete", False, key), tells=False)
        return self

    del_ = delete

    def all(self, callback: Callback | None = None) -> dict[str, Any]:
        """Return all kept values, by their keys.

        :param callback: called with an error or None, and with what is returned.
        :raises StoreError: if the store could not be reached.
        """
        return self._do(callback, lambda: self._read("all", {})) or {}

    def increment(
        self, key: str, amount: float | Callback = 1, callback: Callback | None = None
    ) -> Any:
        """Add to a kept number, 0 where there is none, and return the sum.

        Whoever else adds to it meanwhile, in this process or another: no addition is lost, and no
        two get the same sum.

        :param amount: a number, or the callback, to add 1.
        :param callback: called with an error or None, and with what is returned.
        :raises UsageError: if `amount`, or what is kept, is no number, or the sum would not fit.
        :raises Disconnected: if the client has left.
        :raises StoreError: if the store could not be reached.
        """
        if callable(amount):
            return self.increment(key, 1, amount)
        return self._do(callback, lambda: self._write("increment", key, amount))

    def _write(self, method: str, *arguments: Any) -> Any:
        values = self.client.values_to_write()
        try:
            return getattr(self.server.store, method)(values.key, *arguments)
        finally:
            values.written()

    def _read(self, method: str, otherwise: Any, *arguments: Any) -> Any:
        values = self.client.values
        if values is None:
            return otherwise  # nobody has kept anything
        return getattr(self.server.store, method)(values.key, *arguments)

    def _do(self, callback: Callback | None, action: Action, tells: bool = True) -> Any:
        """Do something in the thread that serves; return what it returns.

        :param tells: whether the callback gets that, too.
        """
        if self.server.engine.elsewhere:
            here = action

            def action() -> Any:
                return wait_for(self.server, lambda result: _begin(result, here))

        if callback is None:
            return action()
        told = Handler("a callback of the storage", callback, is_event=False)
        try:
            value = action()
        except (StoreError, Disconnected) as error:
            _tell(told, error)
            return None
        _tell(told, None, *((value,) if tells else ()))
        return value


def _begin(result: Result, action: Action) -> None:
    gevent.spawn(_put, result, action)


def _put(result: Result, action: Action) -> None:
    try:
        result.set(action())
    except Exception as error:
        result.set_exception(error)


def _tell(told: Handler, *values: Any) -> None:
    """Call with as many values as it takes; what is missing is None, as it is on Node."""
    given = [*values, *[None] * (told.least - len(values))]
    told.function(*given[: told.most])
