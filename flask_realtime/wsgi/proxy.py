"""What a proxy in front of us has said about a request, and who is to believe it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from typing import Any

from werkzeug.middleware.proxy_fix import ProxyFix

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def behind_same_proxy(application: Application, answer: Application) -> Application:
    """Return `answer` such that it sees requests as `application` does.

    Where the application is wrapped in werkzeug's :class:`ProxyFix`, what is in front of it would
    not know the scheme, host and address that the proxy has told; so the same fix is applied.
    """
    if not isinstance(application, ProxyFix):
        return answer
    fix = copy(application)
    fix.app = answer
    return fix
