"""Tests: format, lint, spelling, types, imports, then the suite with documents; creates the environment if needed.

python3 scripts/test.py [--checks [NAME ...]] [options of pytest]
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from environment import ROOT, ensure_environment, options_of
from staging import staged

MEMORY = Path("/dev/shm")  # noqa: S108 - what is made in it has a random name
NEEDED_BYTES = 8 * 2**30
"""Twice the size of what the tests write."""


TOOLS = {
    "format": ("ruff", "format", "--check", "."),
    "lint": ("ruff", "check", "."),
    "spelling": ("codespell_lib", "."),
}
"""Checks that are modules of the environment, with their arguments."""
CHECKS = (*TOOLS, "types", "imports")


def options() -> argparse.ArgumentParser:
    """Return the parser of the command line; unknown options are passed to pytest."""
    parser = options_of(__doc__)
    parser.usage = "%(prog)s [-h] [--checks [NAME ...]] [options of pytest]"
    what = f"run only these checks ({', '.join(CHECKS)}), or all of them"
    parser.add_argument("--checks", nargs="*", choices=CHECKS, metavar="NAME", help=what)
    return parser


def main(words: Sequence[str]) -> int:
    """Run every check, and pytest last, so that its summary is the last line; return 0 if all pass."""
    arguments, for_pytest = options().parse_known_args(words)
    python = ensure_environment("dev")
    if arguments.checks is not None:
        return int(_failed(python, arguments.checks or CHECKS))
    # Options that pytest does not know either are refused now, not after all other checks.
    known = subprocess.run(
        [python, "-m", "pytest", "--markers", *for_pytest], cwd=ROOT, stdout=subprocess.DEVNULL, check=False
    )
    if known.returncode:
        return known.returncode
    has_failed = _failed(python, CHECKS)
    # By file, so that shared fixtures are made once; one process more than cores, because some wait for browsers. The
    # order is that of tests/conftest.py.
    is_shared = any(word.startswith("-n") for word in for_pytest)
    workers = (
        []
        if is_shared
        else ["-n", str(min(os.cpu_count() or 1, 4) + 1), "--dist", "loadfile", "--no-loadscope-reorder"]
    )
    with _scratch() as environment:
        tests = _run([python, "-m", "pytest", *workers, *for_pytest], environment=environment)
    return int(has_failed or tests)


def _failed(python: Path, names: Sequence[str]) -> bool:
    """Run all checks and print a line for each; return whether any failed."""
    checks = {name: _run([python, "-m", *TOOLS[name]]) for name in names if name in TOOLS}
    if {"types", "imports"} & set(names):
        with staged() as package:
            more = {"types": _check_types, "imports": _check_imports}
            checks |= {name: check(python, package) for name, check in more.items() if name in names}
    for name, status in checks.items():
        print(f"{name}: {'failed' if status else 'good'}", flush=True)
    return any(checks.values())


@contextmanager
def _scratch() -> Iterator[dict[str, str]]:
    """Yield environment variables with which tests write to memory, if there is enough, instead of a slow disk."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < NEEDED_BYTES or not os.access(MEMORY, os.W_OK):
        yield dict(os.environ)
        return
    with tempfile.TemporaryDirectory(prefix="hmix-tests-", dir=MEMORY) as folder:
        yield os.environ | {"TMPDIR": folder}


def _run(command: Sequence[str | Path], cwd: Path = ROOT, environment: dict[str, str] | None = None) -> int:
    print("$", " ".join(str(part) for part in command[1:]), flush=True)
    started = time.monotonic()
    status = subprocess.run(command, cwd=cwd, env=environment, check=False).returncode
    print(f"  ({time.monotonic() - started:.0f} s)", flush=True)
    return status


def _check_types(python: Path, package: Path) -> int:
    configuration: list[str | Path] = ["--config-file", ROOT / "pyproject.toml", "--cache-dir", ROOT / ".mypy_cache"]
    return _run([python, "-m", "mypy", *configuration, "hmix_hub", "scripts"], cwd=package)


def _check_imports(python: Path, package: Path) -> int:
    """Check imports against the contracts in pyproject.toml."""
    code = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    return _run([python, "-c", code, "--no-cache", "--no-logo", ROOT / "pyproject.toml"], cwd=package)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
