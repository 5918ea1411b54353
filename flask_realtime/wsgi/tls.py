"""The TLS arguments of a server, as one context."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gevent.ssl import CERT_NONE, PROTOCOL_TLS_SERVER, SSLContext

from ..exceptions import OptionError
from ..options import unknown_option

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

    :raises TypeError: a context whose sockets would block the hub, or one beside the arguments
        that would make one.
    """
    rest = {name: value for name, value in ssl_args.items() if name not in CONTEXT_ARGUMENTS}
    if len(rest) == len(ssl_args):
        _check(ssl_args.get("ssl_context"))
        return ssl_args
    if "ssl_context" in rest:
        raise TypeError("give either ssl_context, or certfile and keyfile")
    return {**rest, "ssl_context": _make_context(ssl_args)}


def _check(context: object) -> None:
    if context is not None and not isinstance(context, SSLContext):
        raise TypeError(
            "ssl_context must be a gevent.ssl.SSLContext (ssl.SSLContext once gevent has patched "
            "the process): sockets of any other would stop all connections while one waits"
        )


def _make_context(ssl_args: dict[str, Any]) -> SSLContext:
    context = SSLContext(ssl_args.get("ssl_version", PROTOCOL_TLS_SERVER))
    if ssl_args.get("certfile") is None:
        raise TypeError("TLS needs a certificate: certfile, with keyfile if that is another file")
    context.load_cert_chain(ssl_args["certfile"], ssl_args.get("keyfile"))
    context.verify_mode = ssl_args.get("cert_reqs", CERT_NONE)
    if ssl_args.get("ca_certs") is not None:
        context.load_verify_locations(ssl_args["ca_certs"])
    if ssl_args.get("ciphers") is not None:
        context.set_ciphers(ssl_args["ciphers"])
    return context
