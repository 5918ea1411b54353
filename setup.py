"""What pyproject.toml cannot say: the browser bundles travel with the package."""

from __future__ import annotations

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent


class BuildPy(build_py):
    """Copies the bundles that are there, as package data; a build never uses the network."""

    def run(self) -> None:
        super().run()
        if not any(HERE.glob("flask_realtime/client_files/*/socket.io.js")):
            self.warn(
                "built without the browser bundles: socket.io.js will be answered 404. "
                "`make bundles` fetches them with npm; then build again"
            )


setup(cmdclass={"build_py": BuildPy})
