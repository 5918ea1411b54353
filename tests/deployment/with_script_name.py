"""Runs a module with ``SCRIPT_NAME`` in its environment, in this process:

python -m tests.deployment.with_script_name gunicorn -k gevent module:app
"""

from __future__ import annotations

import os
import runpy
import sys

if __name__ == "__main__":
    os.environ["SCRIPT_NAME"] = "/app"
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
