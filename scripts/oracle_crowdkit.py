"""Oracle: compare our Dawid-Skene with that of `crowd-kit`, in a temporary environment.

python3 scripts/oracle_crowdkit.py [VOTES.csv | DATASET] [--write]

Made-up votes are always compared. A CSV file of votes (columns item, participant, vote, any texts), or a dataset of
categorical judgments (h-mix, a study's folder, or its repository on the Hub), is compared as well. Prints the largest
difference between probabilities; exit status 1 if it exceeds 1e-6. All iterations of `crowd-kit` are run, because its
own criterion stops too early.

`crowd-kit` requires transformers and pandas below 3, so it is not part of our environment: pip installs it into a
temporary folder, about 300 MB. --write stores the probabilities of the made-up votes for the tests.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import TYPE_CHECKING

from environment import ROOT, options_of, run_script

if TYPE_CHECKING:
    from hmix_hub.schema.arrays import Floats, Ints

REQUIREMENTS = ("crowd-kit==1.4.1", "pandas>=2,<3")
EXPECTED = ROOT / "tests" / "perception" / "crowd_kit.json"
MOST = 1e-6
ITERATIONS = 1500
"""Iterations after which neither changes noticeably."""
TOLERANCE = 1e-11
COLUMNS = ("item", "participant", "vote")

# Run in the other environment: votes in, probabilities out.
_THEIRS = """
import json, sys, warnings
warnings.simplefilter("ignore")
import pandas
from crowdkit.aggregation import DawidSkene
votes = pandas.read_csv(sys.argv[1]).rename(columns={"item": "task", "participant": "worker", "vote": "label"})
found = DawidSkene(n_iter=int(sys.argv[2]), tol=float("-inf")).fit_predict_proba(votes)
found = found.sort_index().sort_index(axis=1)
print(json.dumps({"classes": found.columns.tolist(), "probabilities": found.to_numpy().tolist()}))
"""


def options() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = options_of(__doc__)
    parser.add_argument("votes", nargs="?", metavar="VOTES.csv | DATASET", help="votes to compare besides the made-up")
    parser.add_argument("--iterations", type=int, default=ITERATIONS, metavar="N", help="iterations of crowd-kit")
    parser.add_argument("--write", action="store_true", help=f"write {EXPECTED.relative_to(ROOT)}")
    return parser


def main(arguments: argparse.Namespace) -> int:
    """Compare, and return the exit status."""
    compared = {"made-up votes": made_up_votes()}
    if arguments.votes is not None:
        compared[arguments.votes] = read_votes(arguments.votes)
    largest = 0.0
    with tempfile.TemporaryDirectory(prefix="hmix-oracle-") as folder:
        python = install(Path(folder))
        for name, votes in compared.items():
            theirs = probabilities_of_crowd_kit(python, Path(folder), votes, arguments.iterations)
            ours = our_probabilities(votes)
            difference = float(abs(theirs - ours).max())
            largest = max(largest, difference)
            n_items, n_participants, n_classes = (len(set(column.tolist())) for column in votes)
            counts = f"{n_items:,} items, {n_participants:,} participants, {n_classes:,} classes"
            print(f"{name}: {len(votes[0]):,} votes ({counts}); largest difference of a probability {difference:.1e}")
            if arguments.write and name == "made-up votes":
                write_expected(votes, theirs)
    return int(largest > MOST)


def made_up_votes() -> tuple[Ints, Ints, Ints]:
    """Return items, participants and votes, int64 (240,) each: 60 items, 3 classes, 4 of 8 participants per item."""
    import numpy as np

    # The same numbers in every version of numpy.
    rng = np.random.RandomState(0)
    truth, skill = rng.randint(0, 3, 60), rng.uniform(0.4, 0.95, 8)
    items = np.repeat(np.arange(60), 4)
    participants = np.concatenate([rng.permutation(8)[:4] for _ in range(60)])
    is_right = rng.random_sample(240) < skill[participants]
    votes = np.where(is_right, truth[items], rng.randint(0, 3, 240))
    return items, participants, votes.astype(np.int64)


def read_votes(name: str) -> tuple[Ints, Ints, Ints]:
    """Return items, participants and votes of a CSV file or a dataset; int64 (N,) each."""
    import pyarrow as pa

    import hmix_hub
    from hmix_hub.schema.groups import encode_key
    from hmix_hub.tables import arrow_columns

    if name.endswith(".csv"):
        with Path(name).open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        if not rows or not set(COLUMNS) <= set(rows[0]):
            sys.exit(f"{name} is not a CSV file with the columns {', '.join(COLUMNS)}")
        table = pa.table({column: [row[column] for row in rows] for column in COLUMNS})
        keys = [[column] for column in COLUMNS]
    else:
        keys = [["image_set", "stimulus_id"], ["study_id", "participant_id"], ["top_class"]]
        dataset = hmix_hub.load_dataset(name, "categorical_soft_labels", split="train")
        table = arrow_columns(dataset, [column for key in keys for column in key])
    items, participants, votes = (encode_key([table[column] for column in key]) for key in keys)
    return items, participants, votes


def install(folder: Path) -> Path:
    """Install `crowd-kit` into a new environment in a folder; return its Python."""
    print(f"installing {' '.join(REQUIREMENTS)} into {folder}", flush=True)
    venv.create(folder / "env", with_pip=True, symlinks=sys.platform != "win32")
    python = folder / "env" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    command: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        *REQUIREMENTS,
    ]
    if subprocess.run(command, check=False).returncode:
        sys.exit("crowd-kit could not be installed; the messages above say why")
    return python


def probabilities_of_crowd_kit(python: Path, folder: Path, votes: tuple[Ints, Ints, Ints], iterations: int) -> Floats:
    """Return the probability of each class of each item by `crowd-kit`; float64 (G, K)."""
    import numpy as np

    file = folder / "votes.csv"
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        writer.writerows(zip(*(column.tolist() for column in votes), strict=True))
    ran = subprocess.run(
        [python, "-c", _THEIRS, file, str(iterations)], check=True, stdout=subprocess.PIPE, text=True, cwd=folder
    )
    found = json.loads(ran.stdout)
    probabilities = np.zeros((int(votes[0].max()) + 1, int(votes[2].max()) + 1))
    probabilities[:, found["classes"]] = found["probabilities"]
    return probabilities


def our_probabilities(votes: tuple[Ints, Ints, Ints]) -> Floats:
    """Return the probability of each class of each item; float64 (G, K)."""
    from hmix_hub.perception.dawid_skene import dawid_skene

    return dawid_skene(*votes, int(votes[2].max()) + 1, tolerance=TOLERANCE).posterior


def write_expected(votes: tuple[Ints, Ints, Ints], probabilities: Floats) -> None:
    """Write the made-up votes and their probabilities by `crowd-kit`, for the tests."""
    content = {name: column.tolist() for name, column in zip(COLUMNS, votes, strict=True)}
    expected = [[round(value, 9) for value in row] for row in probabilities.tolist()]
    lines = [f' "{name}": {json.dumps(values)}' for name, values in (content | {"probabilities": expected}).items()]
    EXPECTED.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"wrote {EXPECTED}")


if __name__ == "__main__":
    run_script(main, options())
