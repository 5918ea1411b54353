"""TLS: the arguments of a server, as one context, and the handshake."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from ssl import SSLError
from typing import Any

import gevent
from gevent.socket import socket
from gevent.ssl import CERT_NONE, PROTOCOL_TLS_SERVER, SSLContext, SSLSocket

from ..exceptions import OptionError
from ..options.checks import unknown_option

# What ``ssl.wrap_socket`` took until Python 3.12 dropped it, and users of gevent still write.
CONTEXT_ARGUMENTS = ("keyfile", "certfile", "ca_certs", "cert_reqs", "ssl_version", "ciphers")

# The others are those of ``SSLContext.wrap_socket``.
ARGUMENTS = (
    *CONTEXT_ARGUMENTS, "ssl_context", "server_side", "do_handshake_on_connect",
    "suppress_ragged_eofs",
)


def check_names(options: Iterable[str], others: Iterable[str]) -> None:
    """See whether each of `options` is a TLS argument or one of `others`.

    :raises OptionError: for one that is neither; the nearest is named.
    """
    known = (*ARGUMENTS, *others)
    for name in options:
        if name not in known:
            raise OptionError(unknown_option(name, known))


def with_context(ssl_args: dict[str, Any]) -> dict[str, Any]:
    """The arguments of ``StreamServer``, with ``ssl_context`` if there are any.

    :raises OptionError: a context whose sockets would block the hub, or one beside the arguments
        that would make one; files that cannot be read, or do not hold what they should.
    """
    rest = {name: value for name, value in ssl_args.items() if name not in CONTEXT_ARGUMENTS}
    if len(rest) == len(ssl_args):
        _check(ssl_args.get("ssl_context"))
        return ssl_args
    if "ssl_context" in rest:
        raise OptionError("give either ssl_context, or certfile and keyfile")
    return {**rest, "ssl_context": _make_context(ssl_args)}


def shake_hands(
    wrap: Callable[..., SSLSocket], client: socket, ssl_args: dict[str, Any], timeout: float
) -> SSLSocket:
    """Begin TLS on the connection of a client; however it fails, the socket is closed then.

    :param timeout: for all of the handshake, in seconds; one of the socket would begin anew with
        each byte.
    :raises OSError: the client has left, is too slow, or cannot or will not.
    """
    sock: Any = client
    try:
        sock.getpeername()  # of one that has vanished gevent would leave the socket open
        with gevent.Timeout(timeout, TimeoutError("the handshake is too slow")):
            sock = wrap(client, **{**ssl_args, "do_handshake_on_connect": False})
            sock.do_handshake()
    except BaseException:
        sock.close()
        raise
    tls: SSLSocket = sock
    return tls


def _check(context: object) -> None:
    if context is not None and not isinstance(context, SSLContext):
        raise OptionError(
            "ssl_context must be a gevent.ssl.SSLContext (ssl.SSLContext once gevent has patched "
            "the process): sockets of any other would stop all connections while one waits"
        )


def _make_context(ssl_args: dict[str, Any]) -> SSLContext:
    context = SSLContext(ssl_args.get("ssl_version", PROTOCOL_TLS_SERVER))
    certfile, keyfile = ssl_args.get("certfile"), ssl_args.get("keyfile")
    if certfile is None:
        raise OptionError("TLS needs a certificate: certfile, with keyfile if that is another file")
    _load_certificate(context, os.fspath(certfile), keyfile and os.fspath(keyfile))
    context.verify_mode = ssl_args.get("cert_reqs", CERT_NONE)
    if ssl_args.get("ca_certs") is not None:
        ca_certs = os.fspath(ssl_args["ca_certs"])
        _read_pem("ca_certs", ca_certs, _CERTIFICATE)
        try:
            context.load_verify_locations(ca_certs)
        except SSLError as error:
            raise OptionError(f"ca_certs {ca_certs!r} cannot be used: {_explain(error)}") from None
    if ssl_args.get("ciphers") is not None:
        try:
            context.set_ciphers(ssl_args["ciphers"])
        except SSLError as error:
            message = f"ciphers {ssl_args['ciphers']!r} cannot be used: {_explain(error)}"
            raise OptionError(message) from None
    return context


_CERTIFICATE, _KEY = "CERTIFICATE", "PRIVATE KEY"


def _load_certificate(context: SSLContext, certfile: str, keyfile: str | None) -> None:
    """Have the context prove who we are.

    :raises OptionError: what is wrong, of which OpenSSL says hardly more than that it is.
    """
    _read_pem("certfile", certfile, _CERTIFICATE)
    holder = f"certfile {certfile!r}" if keyfile is None else f"keyfile {keyfile!r}"
    if keyfile is not None:
        key = _read_pem("keyfile", keyfile, _KEY)
    elif f"{_KEY}-----" not in (key := _read_pem("certfile", certfile, _CERTIFICATE)):
        raise OptionError(f"{holder} holds no private key; name the file that does by keyfile")
    if "ENCRYPTED" in key:  # OpenSSL would ask for its password at the terminal
        raise OptionError(
            f"{holder} holds a key that is encrypted; decrypt it, or give an ssl_context"
        )
    try:
        context.load_cert_chain(certfile, keyfile)
    except SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise OptionError(f"{holder} holds the key of another certificate") from None
        names = f"certfile {certfile!r}" + ("" if keyfile is None else f" with {holder}")
        raise OptionError(f"{names} cannot be used: {_explain(error)}") from None


def _read_pem(option: str, path: str, kind: str) -> str:
    """Return the text of a file that must hold something of this kind (RFC 7468)."""
    try:
        with open(path, "rb") as file:
            text = file.read().decode("latin-1")
    except OSError as error:
        raise OptionError(f"{option} {path!r} cannot be read: {error.strerror}") from None
    if f"{kind}-----" not in text:
        what = "certificate" if kind == _CERTIFICATE else "private key"
        raise OptionError(f"{option} {path!r} holds no {what} in the form of PEM")
    return text


def _explain(error: SSLError) -> str:
    reason = getattr(error, "reason", None) or str(error.args[0])  # it has not always one
    return reason.rstrip(".").replace("_", " ").lower()
