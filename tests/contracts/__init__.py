"""What every implementation of an interface must do. Its own test file only names it."""

import pytest

pytest.register_assert_rewrite("tests.contracts.adapter", "tests.contracts.store")
