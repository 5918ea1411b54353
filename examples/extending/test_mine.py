"""The tests of the package, for both: ``python -m pytest test_mine.py``."""

from pathlib import Path

import pytest
from folder_adapter import FolderAdapter
from sqlite_store import SQLiteStore

from flask_realtime.adapters import Local
from flask_realtime.contracts.adapter import AdapterContract
from flask_realtime.contracts.cluster import ClusterContract
from flask_realtime.contracts.store import StoreContract


class TestSQLiteStore(StoreContract):
    @pytest.fixture(autouse=True)
    def file(self, tmp_path: Path) -> None:
        self.path = str(tmp_path / "values.db")

    def make(self) -> SQLiteStore:
        return SQLiteStore(self.path)


class InAFolder:
    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path) -> None:
        self.path = str(tmp_path)

    def make(self, local: Local) -> FolderAdapter:
        return FolderAdapter(local, self.path)


class TestAlone(InAFolder, AdapterContract):
    pass


class TestAmongOthers(InAFolder, ClusterContract):
    pass
