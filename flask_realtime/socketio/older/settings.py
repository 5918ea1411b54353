"""Settings as Socket.IO had them until 2.x: ``io.set("transports", […])``, ``io.path("/x")``.

Each is an option by another name; ``options/names.py`` has the names.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

from ...exceptions import OptionError
from ...options import NAMES, read_option
from ...options.checks import unknown_option

if TYPE_CHECKING:
    from ..server import Server

Self = TypeVar("Self", bound="Settings")
Configuring = Callable[..., Any]
C = TypeVar("C", bound=Configuring)

_NOTHING: Final[Any] = object()

_AUTHORIZATION = "authorization"
_ON_THE_SERVER = (_AUTHORIZATION,)
"""Settings that are no options: the server has a method of that name."""


class Settings:
    """What changes and tells options, on a server and on the extension."""

    __slots__ = ()

    @property
    def _set_up(self) -> Server:
        """The server whose options they are."""
        raise NotImplementedError

    @overload
    def set(self, key: str) -> Any: ...

    @overload
    def set(self: Self, key: str, value: Any) -> Self: ...

    def set(self, key: str, value: Any = _NOTHING) -> Any:
        """Change a setting by the name that Socket.IO 0.9 has for it (rows L01 to L05, S12).

        Every option can be set, by each of its names, with spaces or underscores:
        ``io.set("heartbeat interval", 20)`` is ``ping_interval=20``. What is set here counts more
        than what the constructor, ``init_app`` or the application's configuration say. Once the
        server serves, those can be set that its next request can go by: ``transports``,
        ``origins``, the client files, what is logged.

        :param value: left out, the setting's value is returned, as by :meth:`get`.
        :returns: itself, so that calls can follow each other.
        :raises OptionError: for an unknown name (the nearest is named), a bad value, or one that
            cannot change any more.
        """
        if value is _NOTHING:
            return self.get(key)
        name = _option_name(key)
        if name in _ON_THE_SERVER:
            getattr(self._set_up, name)(value)
        else:
            self._set_up.change(**{name: value})
        return self

    def get(self, key: str) -> Any:
        """Return the value of a setting, by any of its names; see :meth:`set`.

        What belongs to one client is kept by :meth:`.Socket.get`.

        :raises OptionError: for an unknown name (the nearest is named), and for ``authorization``,
            which can only be set.
        """
        name = _option_name(key)
        if name in _ON_THE_SERVER:
            raise OptionError(f"{key} can only be set")
        return read_option(self._set_up.options, name)

    def enable(self: Self, key: str) -> Self:
        """Set a setting to True."""
        return self.set(key, True)

    def disable(self: Self, key: str) -> Self:
        """Set a setting to False."""
        return self.set(key, False)

    def enabled(self, key: str) -> bool:
        """Whether a setting is on."""
        return bool(self.get(key))

    def disabled(self, key: str) -> bool:
        """Whether a setting is off."""
        return not self.get(key)

    @overload
    def configure(self, env: str) -> Callable[[C], C]: ...

    @overload
    def configure(self, env: C) -> C: ...

    @overload
    def configure(self: Self, env: str, function: Configuring) -> Self: ...

    def configure(self, env: str | Configuring, function: Configuring | None = None) -> Any:
        """Run a function that sets things, at once, if this is the environment for it.

        ``io.configure(function)``, ``io.configure("production", function)``, or as a decorator.
        The environment is what ``FLASK_ENV`` says, else ``NODE_ENV``, else ``"development"``.

        :param function: called with this object, if it takes an argument.
        """
        if not isinstance(env, str):
            self._configure(env)
            return env
        here = env == environment()
        if function is not None:
            if here:
                self._configure(function)
            return self

        def decorate(decorated: Configuring) -> Configuring:
            if here:
                self._configure(decorated)
            return decorated

        return decorate

    def _configure(self, function: Configuring) -> None:
        if not callable(function):
            raise TypeError(f"configure takes a function that sets things, not {function!r}")
        if inspect.signature(function).parameters:
            function(self)
        else:
            function()

    # The names of 1.x and 2.x (rows S07 to S11): without an argument they return the value

    def allow_request(self, function: C) -> C:
        """Set the option of that name, which decides on each handshake; for a decorator."""
        self._set_up.change(allow_request=function)
        return function

    @overload
    def serve_client(self) -> bool: ...

    @overload
    def serve_client(self: Self, value: bool) -> Self: ...

    def serve_client(self, value: Any = _NOTHING) -> Any:
        """Set whether ``socket.io.js`` is served, or return it."""
        return self.set("serve_client", value)

    @overload
    def path(self) -> str: ...

    @overload
    def path(self: Self, value: str) -> Self: ...

    def path(self, value: Any = _NOTHING) -> Any:
        """Set where the server answers, or return it."""
        return self.set("path", value)

    @overload
    def adapter(self) -> Callable[[Any], Any]: ...

    @overload
    def adapter(self: Self, value: Callable[[Any], Any]) -> Self: ...

    def adapter(self, value: Any = _NOTHING) -> Any:
        """Set what makes the adapters, for namespaces that are there too; or return it."""
        return self._set_up.make_adapter if value is _NOTHING else self.set("adapter", value)

    @overload
    def origins(self) -> Any: ...

    @overload
    def origins(self: Self, value: Any) -> Self: ...

    def origins(self, value: Any = _NOTHING) -> Any:
        """Set the foreign origins that may connect, or return them; see the option
        ``cors_allowed_origins``."""
        return self.set("origins", value)

    @overload
    def connect_timeout(self) -> float: ...

    @overload
    def connect_timeout(self: Self, value: float) -> Self: ...

    def connect_timeout(self, value: Any = _NOTHING) -> Any:
        """Set how long a client may take to join a namespace, in seconds, or return it."""
        return self.set("connect_timeout", value)


def environment() -> str:
    """What kind of place this is: ``"development"``, unless the environment says otherwise."""
    return os.environ.get("FLASK_ENV") or os.environ.get("NODE_ENV") or "development"


def _option_name(key: Any) -> str:
    """The option's name for a setting's, which has spaces.

    :raises OptionError: if there is none; the nearest is named, as the setting is.
    """
    name = str(key).replace(" ", "_")
    if name in NAMES or name in _ON_THE_SERVER:
        return name
    known = {*NAMES, *_ON_THE_SERVER}
    if isinstance(key, str) and " " in key:
        known = {one.replace("_", " ") for one in known}
    raise OptionError(unknown_option(key, known).replace("option", "setting", 1))
