"""The environment of the scripts: a folder .venv with the package and the versions it was tested with.

Options are read before it is created, so that `--help` and mistyped options work without installing anything. Only the
standard library is used.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "constraints.txt"
FOLDER_VARIABLE = "HMIX_VENV"
OLDEST_PYTHON = (3, 11)


def ensure_environment(extra: str = "suite") -> Path:
    """Create the environment if it does not exist, and install the project's dependencies if they have changed.

    Parameters
    ----------
    extra
        Optional dependencies to install: "suite" for collecting, or "dev", which includes them.

    Returns
    -------
    Path
        The environment's Python; the environment is the folder in HMIX_VENV, or `.venv` in the checkout.
    """
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(f"hmix-hub needs Python 3.11 or newer; this is {sys.version.split()[0]} ({sys.executable})")
    folder = Path(os.environ.get(FOLDER_VARIABLE) or ROOT / ".venv").absolute()
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    # Stamps are written last, so that an interrupted installation is repeated; "dev" includes the rest.
    stamps = [folder / f"installed-{name}" for name in dict.fromkeys([extra, "dev"])]
    wanted = _fingerprint()
    if python.exists() and any(stamp.is_file() and stamp.read_text() == wanted for stamp in stamps):
        return python
    is_first = not (python.exists() and any(folder.glob("installed-*")))
    if is_first:
        print(f"creating the environment {folder}", flush=True)
        _make(folder)
    _announce(is_first=is_first)
    target = f"{ROOT}[{extra}]"
    command: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--constraint",
        CONSTRAINTS,
        "--editable",
        target,
    ]
    if subprocess.run([*command, "--disable-pip-version-check"], check=False).returncode:
        sys.exit("the installation failed; the messages above say why. Run the same command to try again.")
    stamps[0].write_text(wanted)
    return python


def _make(folder: Path) -> None:
    """Create the environment; an existing one keeps its packages."""
    try:
        venv.create(folder, with_pip=True, symlinks=os.name != "nt")
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(
            f"the environment {folder} could not be created: {error}\n"
            "On Debian and Ubuntu, `apt install python3-venv` may be missing. Run the same command to try again."
        )


def _announce(*, is_first: bool) -> None:
    if not is_first:
        print("installing what has changed", flush=True)
        return
    torch = next(line for line in CONSTRAINTS.read_text().splitlines() if line.startswith("torch=="))
    print(
        f"installing hmix-hub and its dependencies ({torch} and others), which takes a few minutes.\n"
        "The largest is torch: about 200 MB as a CPU build (macOS, Windows), about 3 GB on Linux, where the default\n"
        "build includes CUDA. To avoid that, stop here, install a CPU build of this version into the environment, and\n"
        "run the same command again: it keeps what is installed.",
        flush=True,
    )


def _fingerprint() -> str:
    parts = [(ROOT / "pyproject.toml").read_bytes(), CONSTRAINTS.read_bytes(), str(ROOT).encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def options_of(description: str | None) -> argparse.ArgumentParser:
    """Return a parser of a script's command line, to which the script adds its options.

    Parameters
    ----------
    description
        The script's docstring, which `--help` prints.
    """
    return argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )


def run_script(
    main: Callable[[argparse.Namespace], int | None], parser: argparse.ArgumentParser, extra: str = "suite"
) -> NoReturn:
    """Read the command line, then run a script's `main` with the environment's Python, in a new process if needed.

    Parameters
    ----------
    main
        Called with the options; returns the exit status.
    parser
        From `options_of`. Handles `--help` and refuses unknown options with status 2 before an environment is created.
    extra
        See `ensure_environment`.
    """
    arguments = parser.parse_args()
    if not sys.stderr.isatty():
        os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    python = ensure_environment(extra)
    if Path(sys.prefix).resolve() != python.parent.parent.resolve():
        sys.exit(subprocess.run([python, *sys.argv], check=False).returncode)
    sys.exit(main(arguments))


if __name__ == "__main__":
    options_of(__doc__).parse_args()
    print(ensure_environment("dev"))
