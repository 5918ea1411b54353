"""Which headers of a proxy the deployment page has ``ProxyFix`` believe."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.documents import code_block


def believed(page: Path, containing: str) -> list[str]:
    """The arguments of the ``ProxyFix`` in one of the page's blocks."""
    block = code_block(page, "python", containing)
    found = re.fullmatch(r"(?s:.*)app\.wsgi_app = ProxyFix\(app\.wsgi_app, (.*)\)\n", block)
    assert found is not None, block
    return re.findall(r"(x_\w+)=1", found[1])
