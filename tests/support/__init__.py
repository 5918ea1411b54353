"""What tests of several folders share: a server in this process, and clients that speak bytes.

All of it runs in gevent's hub of the test's own thread: whatever waits here lets the server run.
"""

import pytest

pytest.register_assert_rewrite(
    "tests.support.server", "tests.support.http", "tests.support.wire", "tests.support.old_wire"
)
