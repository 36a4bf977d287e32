"""Libraries of the explorer's page: fetched by `npm pack`, checked, and copied with their licences.

python3 scripts/vendor.py        needs npm; writes hmix_hub/explorer/client/vendor

To renew one, change its version and its integrity here, which `npm view NAME@VERSION dist.integrity` prints.
"""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from argparse import Namespace
from pathlib import Path
from typing import NamedTuple

from environment import ROOT, options_of, run_script

FOLDER = ROOT / "hmix_hub" / "explorer" / "client" / "vendor"


class Library(NamedTuple):
    """A library: its package and version, the sha512 of the archive, and the two files that are copied."""

    package: str
    version: str
    sha512: str
    script: str
    licence: str
    name: str
    what: str


LIBRARIES = (
    Library(
        "apache-arrow",
        "21.2.0",
        "Hxe6Agq26gQOM954qpzYSllJBPJl+e16U5CkfuMUhLrNba+5nKkttIVlflaovN6oaTratqMGAO8H5u/aNhmHWQ==",
        "Arrow.es2015.min.js",
        "LICENSE.txt",
        "arrow",
        "Apache-2.0; reads tables",
    ),
    Library(
        "d3",
        "7.9.0",
        "e1U46jVP+w7Iut8Jt8ri1YsPOvFpg46k+K8TpCb0P+zjCkjkPnV7WzfDJzMHy1LnA+wj5pLT1wjO901gLXeEhA==",
        "dist/d3.min.js",
        "LICENSE",
        "d3",
        "ISC; what Plot stands on",
    ),
    Library(
        "@observablehq/plot",
        "0.6.17",
        "/qaXP/7mc4MUS0s4cPPFASDRjtsWp85/TbfsciqDgU1HwYixbSbbytNuInD8AcTYC3xaxACgVX06agdfQy9W+g==",
        "dist/plot.umd.min.js",
        "LICENSE",
        "plot",
        "ISC; draws figures",
    ),
)


def main(_arguments: Namespace) -> None:
    """Fetch every library and write the folder."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    lines = []
    for library in LIBRARIES:
        with tempfile.TemporaryDirectory() as scratch:
            archive = _fetch(library, Path(scratch))
            for inside, name in ((library.script, f"{library.name}.js"), (library.licence, f"{library.name}.LICENSE")):
                (FOLDER / name).write_bytes(_member(archive, inside))
        digest = hashlib.sha256((FOLDER / f"{library.name}.js").read_bytes()).hexdigest()
        lines.append(f"| {library.name}.js | {library.package} {library.version} | {library.what} | `{digest}` |\n")
    (FOLDER / "README.md").write_text(_TEXT + "".join(lines), encoding="utf-8")


_TEXT = """Libraries of the explorer's page, as their packages on npm have them. `scripts/vendor.py` renews them.

| file | package | licence and use | sha256 |
|---|---|---|---|
"""


def _fetch(library: Library, folder: Path) -> Path:
    """Download a package and check it."""
    name = f"{library.package}@{library.version}"
    subprocess.run(["npm", "pack", "--silent", name], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (archive,) = folder.glob("*.tgz")
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != library.sha512:
        sys.exit(f"{name} is not what was vendored: its sha512 is {found}, and not {library.sha512}")
    return archive


def _member(archive: Path, inside: str) -> bytes:
    with tarfile.open(archive) as packed:
        member = packed.extractfile(f"package/{inside}")
        if member is None:
            sys.exit(f"{archive.name} has no file {inside}")
        # Maps of sources are not copied, and a browser would ask for them.
        return b"".join(line for line in member if not line.startswith(b"//# sourceMappingURL="))


if __name__ == "__main__":
    run_script(main, options_of(__doc__), "dev")
