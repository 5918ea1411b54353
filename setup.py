"""What pyproject.toml cannot say: the browser bundles travel with the package."""

from __future__ import annotations

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
GENERATIONS = ("0.9", "1", "2", "4")


class BuildPy(build_py):
    """Copies the bundles that are there, as package data; a build never uses the network."""

    def run(self) -> None:
        super().run()
        folder = HERE / "flask_realtime" / "client_files"
        missing = [each for each in GENERATIONS if not (folder / each / "socket.io.js").exists()]
        if missing:
            self.warn(
                f"built without the browser bundles of {', '.join(missing)}: these will be "
                "answered 404. `make bundles` fetches them with npm; then build again"
            )


setup(cmdclass={"build_py": BuildPy})
