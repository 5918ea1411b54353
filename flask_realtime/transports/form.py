"""Messages in a form, which a page may send to another origin where it may send nothing else."""

from __future__ import annotations

from urllib.parse import parse_qs

from ..exceptions import PacketError
from ..protocol.dialect import Dialect


def read_form(dialect: Dialect, body: bytes) -> tuple[bytes, str]:
    """Return the polling body that is in a form of one field, and its content type.

    :raises PacketError: if there is none.
    """
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=10)
    except ValueError:
        raise PacketError("a form that is none") from None
    if "d" not in fields:
        raise PacketError("a form without the field d")
    return dialect.form_text(fields["d"][0]).encode(), "text/plain; charset=UTF-8"
