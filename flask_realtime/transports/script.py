"""Text as a string literal of JavaScript, wherever an answer of ours is run as a script."""

from __future__ import annotations

import json


def script_string(text: str) -> str:
    """Return `text` as a literal that is safe in a script file and between ``<script>`` tags.

    It is ASCII, so that U+2028 and U+2029 end no line (they did before ECMAScript 2019), and has
    neither ``<`` nor ``/``: no ``</script>`` ends it and no ``<!--`` hides what follows (HTML
    standard, 4.12.1.3).
    """
    return json.dumps(text).replace("<", "\\u003c").replace("/", "\\/")
