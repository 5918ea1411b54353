"""A server in a process of its own, seen from outside: crowds, floods, and its end.

`app.py` is the server's process, `crowd.py` and `floods.py` are clients' processes, and
`process.py` starts and asks them. The benchmarks use them, too, for what takes too long here.
"""

import pytest

pytest.register_assert_rewrite("tests.load.process")
