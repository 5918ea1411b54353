"""Flask on gunicorn's own gevent worker, one of them."""

import logging
import os
import re
import subprocess
import sys

here = os.path.dirname(os.path.abspath(__file__))
options = ["-k", "gevent", "-w", "1", "-b", "127.0.0.1:0"]
process = subprocess.Popen(
    [sys.executable, "-m", "gunicorn", *options, "flask_pywsgi:app"],
    cwd=here,
    stderr=subprocess.PIPE,
    text=True,
)
assert process.stderr is not None
try:
    for line in process.stderr:
        listening = re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", line)
        if listening:
            print(listening[1], flush=True)
finally:
    process.terminate()
    logging.info("gunicorn ended with %s", process.wait())
