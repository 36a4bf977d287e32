"""Release: a version is written, built, tried, tagged and pushed; a workflow, which needs no token, uploads it.

python3 scripts/release.py VERSION [--dry-run]

Everything happens in a temporary clone of the committed state of `main`. If all of it succeeds, the commit and its tag
are pushed together, and only then does the checkout move; with --dry-run, they are printed and discarded.
"""

from __future__ import annotations

import argparse
import datetime
import os
import re
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

from environment import ROOT, options_of, run_script

PLACES = {
    "hmix_hub/__init__.py": (r'^__version__ = ".*"$', '__version__ = "{version}"'),
    "CITATION.cff": (r"^version: .*(\ndate-released: .*)?$", "version: {version}\ndate-released: {date}"),
    "README.md": (r"\bversion \d+\.\d+\.\d+", "version {version}"),
    "CHANGELOG.md": (r"^## Unreleased\n+(?=\S(?!# ))", "## Unreleased\n\n## {version} - {date}\n\n"),
}
"""Where the version is written: pattern and replacement; everything else uses `hmix_hub.__version__`."""
BRANCH = "main"
"""The branch that releases are made from."""
TRIED = (
    ("-m", "hmix_hub", "--version"),
    ("-m", "hmix_hub", "doctor", "--offline"),
    ("-c", "import hmix_hub; print(hmix_hub.load_dataset('h-mix', split='train'))"),
)
"""What the new wheel must do in its own environment."""


def options() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = options_of(__doc__)
    parser.add_argument("version", metavar="VERSION", help="such as 0.2.0; larger than every version so far")
    parser.add_argument("--dry-run", action="store_true", help="do everything but tag and push")
    return parser


def main(arguments: argparse.Namespace) -> None:
    """Make a release, or try to."""
    version, tag = arguments.version, f"v{arguments.version}"
    if not arguments.dry_run:
        check_branch()
    check_version(version, git(ROOT, "tag", "--list", "v*").split())
    if git(ROOT, "status", "--porcelain"):
        sys.exit("there are uncommitted changes: commit them, or put them aside with `git stash`")
    with tempfile.TemporaryDirectory(prefix="hmix-release-") as scratch:
        clone, dist = Path(scratch) / "hmix-hub", Path(scratch) / "dist"
        git(ROOT, "clone", "--quiet", "--no-hardlinks", ROOT, clone)
        write_version(clone, version, datetime.datetime.now(datetime.UTC).date())
        git(clone, "commit", "--quiet", "--all", "--message", f"Version {version}")
        git(clone, "tag", "--annotate", tag, "--message", f"Version {version}")
        build(clone, dist)
        wheel = check_metadata(dist, version)
        try_wheel(wheel, Path(scratch) / "tried")
        print(git(clone, "show", "--stat", "--format=%s"), *sorted(path.name for path in dist.iterdir()), sep="\n")
        if arguments.dry_run:
            print(f"everything succeeded; without --dry-run, this commit would be pushed with the tag {tag}")
            return
        # Objects without a name: if the push is rejected, no branch and no tag of the checkout has changed.
        git(ROOT, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", clone, "HEAD", f"refs/tags/{tag}")
        commit, tagged = git(clone, "rev-parse", "HEAD", f"refs/tags/{tag}").split()
    git(ROOT, "push", "--quiet", "--atomic", "origin", f"{commit}:refs/heads/{BRANCH}", f"{tagged}:refs/tags/{tag}")
    git(ROOT, "merge", "--quiet", "--ff-only", commit)
    git(ROOT, "update-ref", f"refs/tags/{tag}", tagged)
    print(f"{tag} is pushed: the workflow `release` runs all tests again, and uploads after an approval")


def check_branch() -> None:
    """Check that the checkout is on the branch of releases, and has exactly its pushed commits."""
    branch = git(ROOT, "branch", "--show-current")
    if branch != BRANCH:
        sys.exit(f"releases are made from {BRANCH}, and this is {branch or 'no branch'}: git switch {BRANCH}")
    git(ROOT, "fetch", "--quiet", "--tags", "origin", BRANCH)
    if git(ROOT, "rev-parse", "HEAD") != git(ROOT, "rev-parse", "FETCH_HEAD"):
        sys.exit(f"{BRANCH} differs from origin/{BRANCH}: pull and push first, and wait for its tests")


def check_version(version: str, tags: list[str]) -> None:
    """Check that a version has the right form, and is larger than every released one."""
    from packaging.version import Version

    if not re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", version):
        sys.exit(f"{version} is not a version: write three numbers, such as 0.2.0")
    if tags and Version(version) <= (newest := max(Version(tag) for tag in tags)):
        sys.exit(f"{version} is not larger than {newest}, the latest release")


def write_version(folder: Path, version: str, date: datetime.date) -> None:
    """Write a version, and its date, wherever a checkout has one; the changelog's top section becomes its own."""
    for name, (pattern, written) in PLACES.items():
        path = folder / name
        found, n = re.subn(
            pattern, written.format(version=version, date=date), path.read_text(encoding="utf-8"), flags=re.M
        )
        if n != 1:
            what = "has nothing under Unreleased" if name == "CHANGELOG.md" else f"has {n} versions instead of one"
            sys.exit(f"{name} {what}")
        path.write_text(found, encoding="utf-8")


def build(folder: Path, dist: Path) -> None:
    """Build the sdist of a checkout, and the wheel from it, with what this environment has."""
    # Not in the folder of scripts, one of which is called build.
    command: list[str | Path] = [sys.executable, "-m", "build", "--no-isolation", "--outdir", dist, folder]
    run(command, dist.parent)


def check_metadata(dist: Path, version: str) -> Path:
    """Check that the metadata of a wheel are valid, and return the wheel."""
    from packaging.metadata import Metadata

    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = Metadata.from_email(archive.read(name), validate=True)
    if (str(metadata.version), metadata.license_expression) != (version, "Apache-2.0") or not metadata.description:
        sys.exit(f"{wheel.name} is version {metadata.version} under {metadata.license_expression}")
    return wheel


def try_wheel(wheel: Path, folder: Path) -> None:
    """Install a wheel into a new environment over this one's libraries, and use it."""
    venv.create(folder, with_pip=False)
    site = next(folder.glob("lib/python*/site-packages"))
    libraries = [path for path in sys.path if path.endswith("site-packages")]
    # Found last, so that it is the wheel's package that is imported.
    (site / "zz-libraries.pth").write_text("\n".join(libraries) + "\n", encoding="utf-8")
    install: list[str | Path] = [
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--ignore-installed",
        "--target",
        site,
        wheel,
    ]
    run([sys.executable, "-m", "pip", *install], folder)
    # Without the network, and without what this machine has cached.
    environment = os.environ | {"HMIX_SOURCE": "sample", "HMIX_CACHE": str(folder), "HF_HOME": str(folder)}
    for words in TRIED:
        run([folder / "bin" / "python", *words], folder, environment)


def git(folder: Path, *words: str | Path) -> str:
    """Run git in a folder, and return what it prints."""
    return run(["git", *words], folder)


def run(command: Sequence[str | Path], folder: Path, environment: dict[str, str] | None = None) -> str:
    """Run a command in a folder, and return what it prints; if it fails, there is no release."""
    done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"{done.stdout}\nthis command failed, and nothing was released: {' '.join(map(str, command))}")
    return done.stdout.strip()


if __name__ == "__main__":
    run_script(main, options(), "dev")
