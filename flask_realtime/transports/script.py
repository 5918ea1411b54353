"""Text as a string literal of JavaScript, wherever an answer of ours is run as a script."""

from __future__ import annotations

import json

_MARK = "\ufffd"
_LESS_THAN = "\\u003c"


def script_string(text: str) -> str:
    """Return `text` as a literal that is safe in a script file and between ``<script>`` tags.

    It has no ``<``, so that no ``</script>`` ends it and no ``<!--`` hides what follows (HTML
    standard, 4.12.1.3). It is ASCII, so that U+2028 and U+2029 end no line (they did before
    ECMAScript 2019); but U+FFFD stays, and so does ``/``. To a browser these are the same escaped.
    Clients 0.9 in other languages find the messages of a body by the former, and the name of a
    namespace by the latter, without being able to run a script.
    """
    literal = _MARK.join(json.dumps(part)[1:-1] for part in text.split(_MARK))
    return f'"{literal.replace("<", _LESS_THAN)}"'
