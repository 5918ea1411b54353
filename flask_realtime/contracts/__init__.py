"""Tests for adapters, stores and parsers that others have written: what every one of them does.

They need pytest. A test class derives from a contract and says how its own is made::

    from flask_realtime.contracts.adapter import AdapterContract

    class TestMine(AdapterContract):
        def make(self, local):
            return MyAdapter(local)
"""

import pytest

pytest.register_assert_rewrite(
    "flask_realtime.contracts.adapter",
    "flask_realtime.contracts.cluster",
    "flask_realtime.contracts.parser",
    "flask_realtime.contracts.store",
)
