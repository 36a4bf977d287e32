"""House: the size of the package, how many files a change touches, and how often a study is read.

python3 scripts/house.py [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from environment import ROOT, options_of, run_script

SHORT = 80
"""Number of lines below which a module counts as short."""


class Measure(NamedTuple):
    """A measure: its name, its value, and its maximum."""

    what: str
    figure: int
    most: int


def options() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = options_of(__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    return parser


def main(arguments: argparse.Namespace) -> int:
    """Measure the house and print a table; return 1 if a value exceeds its maximum."""
    measures = measure()
    if arguments.json:
        print(json.dumps([one._asdict() for one in measures], indent=2))
    else:
        width = max(len(one.what) for one in measures)
        print(f"{'measured':{width}}  today  at most")
        for one in measures:
            print(f"{one.what:{width}}  {one.figure:>5}  {one.most:>7}{'' if one.figure <= one.most else '  exceeded'}")
    return int(any(one.figure > one.most for one in measures))


def measure() -> list[Measure]:
    """Return the measures of the checkout."""
    from house_changes import add_column, add_image_set, add_task
    from house_counts import opens_of_publish, statistics_of_build

    lines = module_lines()
    statistics, pictures = statistics_of_build()
    return [
        Measure("files to touch to add a task", _touched(add_task), 6),
        Measure("files to touch to add a built-in image set", _touched(add_image_set), 1),
        Measure("files to touch to add a column", _touched(add_column), 2),
        Measure("times one judgment file is opened by `publish --dry-run`", opens_of_publish(), 4),
        Measure("statistics computed in one `build`", statistics, 1),
        Measure("pictures drawn in one `build`, by task", pictures, 1),
        Measure("import circles", len(import_circles()), 0),
        Measure("Python lines in hmix_hub and builders", sum(lines.values()), 74_300),
        Measure("modules", len(lines), 426),
        Measure(f"modules under {SHORT} lines", sum(count < SHORT for count in lines.values()), 60),
    ]


def module_lines() -> dict[Path, int]:
    """Return the number of lines of every module of the package."""
    paths = [path for name in ("hmix_hub", "builders") for path in sorted((ROOT / name).rglob("*.py"))]
    return {path: len(path.read_text(encoding="utf-8").splitlines()) for path in paths}


def import_circles() -> list[list[str]]:
    """Return the groups of modules that import each other in a circle, function-level imports included.

    The package itself, which re-exports from its modules, is not part of any.
    """
    import grimp
    import numpy as np
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from staging import staged

    with staged() as folder:
        sys.path.insert(0, str(folder))
        try:
            graph = grimp.build_graph("hmix_hub", cache_dir=None)
        finally:
            sys.path.remove(str(folder))
    modules = sorted(graph.modules - {"hmix_hub"})
    numbers = {module: number for number, module in enumerate(modules)}
    edges = [
        (numbers[module], numbers[other])
        for module in modules
        for other in graph.find_modules_directly_imported_by(module) & numbers.keys()
    ]
    rows, columns = np.array(edges).T
    shape = (len(modules), len(modules))
    matrix = coo_array((np.ones(len(edges)), (rows, columns)), shape=shape)
    _, circles = connected_components(matrix, connection="strong")
    groups = [np.flatnonzero(circles == number) for number in np.flatnonzero(np.bincount(circles) > 1)]
    return [[modules[number] for number in group] for group in groups]


def _touched(change: Callable[[Path], list[Path]]) -> int:
    """Count the files that a change of a copy of the project touches."""
    from staging import checkout

    with tempfile.TemporaryDirectory(prefix="hmix-house-") as scratch:
        return len(change(checkout(Path(scratch) / "hmix-hub")))


if __name__ == "__main__":
    run_script(main, options(), "dev")
