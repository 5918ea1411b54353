"""Every option of the server: what it is, how it is checked, what others call it."""

from .checks import TRANSPORTS
from .table import NAMES, Options, check_options, make_options, read_option

__all__ = ["NAMES", "TRANSPORTS", "Options", "check_options", "make_options", "read_option"]
