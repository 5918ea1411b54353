"""What a new session needs: the application's leave, a sid, and perhaps a cookie."""

from __future__ import annotations

import re
import secrets
from collections.abc import Container, Mapping
from typing import Any

from werkzeug.http import dump_cookie

from ..exceptions import OptionError
from ..options import Options
from ..protocol.refusals import NOT_ALLOWED, request_error
from ..transports.http import Headers, Request

OWNER = "00"
"""Which worker a sid belongs to, in its first two characters: there is one."""

_SID = re.compile(r"[A-Za-z0-9_-]{20}")


def new_id() -> str:
    """Return 20 random characters of ``[A-Za-z0-9_-]``: 120 bits."""
    return secrets.token_urlsafe(15)


def allow(options: Options, request: Request) -> None:
    """Ask the application whether a session may begin.

    :raises RequestError: code 4 with what the application said, if it may not.
    """
    if options.allow_request is None:
        return
    answer = options.allow_request(request.variables)
    if isinstance(answer, tuple):
        allowed, message = answer
    else:
        allowed, message = answer is True or answer is None, answer
    if not allowed:
        told = message if isinstance(message, str) else ""
        raise request_error(NOT_ALLOWED, f"allow_request said {message!r}", told)


def is_foreign(sid: str) -> bool:
    """Whether a sid of ours is said to belong to another worker."""
    return _SID.fullmatch(sid) is not None and not sid.startswith(OWNER)


def make_sid(options: Options, request: Request, taken: Container[str]) -> str:
    """Return the sid of a new session.

    :raises OptionError: if the application's ``generate_id`` returns none, or one that is taken.
    """
    if options.generate_id is None:
        return OWNER + new_id()[:18]
    sid = options.generate_id(request.variables)
    if not isinstance(sid, str) or not _SID.fullmatch(sid):
        raise OptionError(
            f"generate_id returned {sid!r}; a sid has exactly 20 characters of A-Z a-z 0-9 _ -"
        )
    if sid in taken:
        raise OptionError(f"generate_id returned {sid!r}, which is another session's")
    return sid


def cookie_headers(cookie: Mapping[str, Any] | None, sid: str) -> Headers:
    """Return the header that keeps a client with its server, where the option asks for it."""
    if cookie is None:
        return []
    # An attribute may be a function, as in python-engineio: of a domain, say, or an age.
    attributes = {name: value() if callable(value) else value for name, value in cookie.items()}
    return [("Set-Cookie", dump_cookie(attributes.pop("key"), sid, **attributes))]
