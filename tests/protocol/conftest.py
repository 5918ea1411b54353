from __future__ import annotations

from typing import Any

import pytest

from flask_realtime.protocol.eio3 import EIO3
from flask_realtime.protocol.eio4 import EIO4
from flask_realtime.protocol.json import Codec
from tests.protocol.codecs import CODECS, make_eio3, make_eio4


@pytest.fixture(scope="session", params=CODECS)
def codec(request: Any) -> Codec:
    """The codec of each JSON module in turn."""
    return CODECS[request.param]


@pytest.fixture(scope="session")
def eio4(codec: Codec) -> EIO4:
    """The dialect with each codec in turn."""
    return make_eio4(codec)


@pytest.fixture(scope="session")
def eio3(codec: Codec) -> EIO3:
    """The older dialect with each codec in turn."""
    return make_eio3(codec)
