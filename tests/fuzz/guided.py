"""Coverage-guided fuzzing of every decoder with atheris: `make fuzz-atheris SECONDS=60`.

Only `flask_realtime` is instrumented. What covers something new is kept in `tests/fuzz/corpus`, a
folder for each target, where the next run begins.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import re
import subprocess
import sys
from pathlib import Path

from .found import FOUND
from .target import Target

CORPUS = Path(__file__).parent / "corpus"
FINDINGS = Path(__file__).parent / "findings"

_DONE = re.compile(r"Done (\d+) runs? in (\d+) second")
_COVERED = re.compile(r"cov: (\d+) ft: (\d+) corp: (\d+)/.*rss: (\d+)Mb")


def folder_of(name: str, parent: Path = CORPUS) -> Path:
    """The folder of a target."""
    return parent / re.sub(r"\W+", "-", name)


def write_corpus(name: str, target: Target, folder: Path) -> None:
    """Write the target's examples as files, named by what they are."""
    folder.mkdir(parents=True, exist_ok=True)
    for data in (*target.corpus, *FOUND.get(name, ())):
        (folder / hashlib.sha1(data, usedforsecurity=False).hexdigest()).write_bytes(data)


def run_target(name: str, arguments: list[str]) -> None:
    """Hand this process over to libFuzzer, which ends it."""
    import atheris

    with atheris.instrument_imports(include=["flask_realtime"]):
        from .targets import TARGETS

    logging.disable(logging.CRITICAL)  # of each refusal
    run = TARGETS[name].run

    def feed(data: bytes) -> None:
        run(data)

    atheris.Setup([sys.argv[0], *arguments], feed)
    atheris.Fuzz()


def fuzz(name: str, target: Target, seconds: int) -> tuple[bool, str]:
    """Run a target in a process of its own; return whether it is well, and its line."""
    folder = folder_of(name)
    write_corpus(name, target, folder)
    FINDINGS.mkdir(exist_ok=True)
    tokens = folder.with_suffix(".dict")
    short = [token for token in target.tokens if len(token) < 60]
    tokens.write_text("".join(f'"{_escaped(token)}"\n' for token in short))
    command = [sys.executable, "-m", "tests.fuzz.guided", "--target", name, "--", str(folder)]
    command += [f"-max_total_time={seconds}", "-max_len=8192", "-timeout=5", "-rss_limit_mb=512"]
    command += [f"-dict={tokens}", f"-artifact_prefix={folder_of(name, FINDINGS)}-"]
    process = subprocess.run(command, capture_output=True, text=True)
    said = process.stdout + process.stderr
    done, covered = _DONE.search(said), _COVERED.findall(said)
    if process.returncode or done is None or not covered:
        # The traceback is in the one, what libFuzzer has to say in the other.
        return False, f"{name:30} FOUND\n{process.stdout[-2000:]}{process.stderr[-500:]}"
    coverage, features, kept, rss = map(int, covered[-1])
    inputs, took = map(int, done.groups())
    return True, (
        f"{name:30} {inputs:>9,} {took:7} {rss:6} {coverage:>9,} {features:>9,} {kept:>7,}"
    )


def _escaped(token: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in token)


def main() -> int:
    """Run as the command line says; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.guided", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--only", default="", help="targets with this in their names")
    parser.add_argument("--target", help=argparse.SUPPRESS)
    parser.add_argument("arguments", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.target:
        run_target(options.target, options.arguments)
    from .targets import TARGETS  # not before: there it must be instrumented

    print(
        f"{'target':30} {'inputs':>9} {'seconds':>7} {'MiB':>6} "
        f"{'branches':>9} {'features':>9} {'corpus':>7}"
    )
    well = True
    for name, target in TARGETS.items():
        if options.only in name:
            fine, line = fuzz(name, target, options.seconds)
            print(line, flush=True)
            well = well and fine
    print("nothing found" if well else f"found; the inputs are in {FINDINGS}")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
