"""The log of a server, where the failures of handlers go."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    _LoggerAdapter = logging.LoggerAdapter[logging.Logger]
else:
    _LoggerAdapter = logging.LoggerAdapter  # takes no brackets before Python 3.11


class Log(_LoggerAdapter):
    """A logger, by its own names and by those of Socket.IO 0.9: ``io.log.warn("…")`` (row L09)."""

    def warn(self, msg: object, *args: object, **kwargs: Any) -> None:
        """Log a warning; ``warning`` is the name that Python has for it."""
        self.warning(msg, *args, **kwargs)
