"""Processes that run at once: forked from one that has imported what they need, so that all begin together."""

from __future__ import annotations

import os
import subprocess
import sys

_FORK = """
import importlib, io, os, sys, traceback
code, count, *modules = sys.argv[1:]
for module in modules:
    importlib.import_module(module)
children = []
for _ in range(int(count)):
    child = os.fork()
    if child == 0:
        status, sys.stdout = 1, io.StringIO()
        try:
            exec(code, {})
            status = 0
        except BaseException:
            traceback.print_exc()
        sys.stderr.flush()
        # At once, so that lines of several do not mix.
        os.write(1, sys.stdout.getvalue().encode())
        os._exit(status)
    children.append(child)
sys.exit(sum(os.waitpid(child, 0)[1] != 0 for child in children))
"""


def run_at_once(code: str, *modules: str, count: int = 8, **environment: str) -> list[str]:
    """Run code in several processes, check that none fails, and return the lines that they print.

    Parameters
    ----------
    code
        What each process runs.
    modules
        Imported before, once.
    count
        Number of processes.
    environment
        Variables beside those of this process.
    """
    ran = subprocess.run(
        [sys.executable, "-c", _FORK, code, str(count), *modules],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()
