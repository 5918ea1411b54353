"""The pages whose Flash may connect: those that every other transport lets in, as domains."""

from __future__ import annotations

import re
from functools import partial
from ipaddress import ip_address
from urllib.parse import urlsplit

from ..options import Options
from ..socketio.server import Server
from ..wsgi.flash_policy import FlashPolicy


def serves_flash(options: Options) -> bool:
    """Whether Flash is told anything."""
    return "flashsocket" in options.transports or options.flash_policy_port is not None


def make_policy(server: Server) -> FlashPolicy:
    """Return what a server tells Flash: always by its newest options, but for the port."""
    return FlashPolicy(partial(_find_domains, server), server.options.flash_policy_port)


def _find_domains(server: Server, address: str) -> list[str]:
    return allowed_domains(server.options, address)


def allowed_domains(options: Options, address: str) -> list[str]:
    """Return the domains whose pages may connect.

    Flash does not say which name of ours it has looked up, so our own pages are those below the
    trusted hosts; without these, those of the address itself. What a function would allow is not
    known before it is asked.

    :param address: to which the client has connected.
    """
    allowed = options.cors_allowed_origins
    if allowed == "*":
        return ["*"]
    domains = _own_domains(options.trusted_hosts, address)
    if allowed is not None and not callable(allowed):
        domains += [domain for origin in allowed if (domain := _domain(origin))]
    return list(dict.fromkeys(domains))


def _domain(origin: str | re.Pattern[str]) -> str | None:
    """The domain of an allowed origin. ``"null"``, the origin of files, has none; and Flash has no
    word for what a pattern means, or ``*:8080``."""
    if isinstance(origin, re.Pattern):
        return None
    if "://" in origin:
        return urlsplit(origin).hostname
    host = origin.rpartition(":")[0]
    return None if host == "*" else host


def _own_domains(trusted_hosts: tuple[str, ...] | None, address: str) -> list[str]:
    if trusted_hosts is None:
        return [address, "localhost"] if ip_address(address).is_loopback else [address]
    domains = []
    for host in trusted_hosts:
        name = host.partition(":")[0]
        domains += [name[1:], f"*{name}"] if name.startswith(".") else [name]
    return domains
