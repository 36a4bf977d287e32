"""Planters of defects in files and in study.yaml."""

from __future__ import annotations

import random

from hypothesis import assume

from hmix_hub.schema import CURRENT
from hmix_hub.studies.example import example_study
from hmix_hub.tasks import CATEGORICAL, CHOICE, INFER, TASKS
from study_generator.answers import ANSWERS
from study_generator.planting import TABLES, TEXTS, plants, some_row
from study_generator.study import Study

_MARK = "Qmark"


def _mark(study: Study, rng: random.Random, content: bytes) -> list[int]:
    """Put bytes into a cell of the study's own in a random row."""
    row = some_row(study, rng)
    study.add_column("x_mark", {row: _MARK})
    study.edit(lambda text: text.replace(_MARK.encode(), b"Q" + content))
    return [row]


def _other_task(study: Study, rng: random.Random) -> str:
    version = study.manifest.get("schema_version", CURRENT)
    return rng.choice([task for task in ANSWERS if task != study.task and version in TASKS[task].versions])


@plants("HMX500", endings=TEXTS)
def _encoding(study: Study, rng: random.Random) -> list[int]:
    return _mark(study, rng, rng.choice([b"\xe9", b"\xff", b"\xc3(", b"\xed\xa0\x80"]))


@plants("HMX501", endings=TEXTS)
def _byte_order_mark(study: Study, rng: random.Random) -> None:
    study.edit(lambda text: b"\xef\xbb\xbf" + text)


@plants("HMX502", endings=TEXTS)
def _control(study: Study, rng: random.Random) -> list[int]:
    return _mark(study, rng, rng.choice([b"\x00", b"\x07", b"\x1b[0m"]))


@plants("HMX503", endings=TABLES)
def _delimiter(study: Study, rng: random.Random) -> None:
    study.style = _styled(study, delimiter=rng.choice(";\t|"))


@plants("HMX504", endings=TABLES)
def _returns(study: Study, rng: random.Random) -> None:
    study.style = _styled(study, newline="\r", ends=True)


@plants("HMX505", endings=TABLES)
def _ragged(study: Study, rng: random.Random) -> list[int]:
    row = some_row(study, rng)
    study.style = _styled(study, ragged={row: rng.choice([-3, -1, 1, 4])})
    return [row]


@plants("HMX506", endings=("csv.gz", "jsonl.gz", "parquet"))
def _damaged(study: Study, rng: random.Random) -> None:
    def cut(files: dict[str, bytes]) -> None:
        content = files[study.path]
        files[study.path] = content[: rng.randrange(5, len(content) - 4)]

    study.edits.append(cut)


@plants("HMX515", endings=TEXTS)
def _foreign(study: Study, rng: random.Random) -> None:
    starts = (b"$FL2@(#) SPSS DATA FILE", b"SQLite format 3\0", b"%PDF-1.7\n", b"<!DOCTYPE html>\n<html>", b"PAR1\x15")
    content = rng.choice(starts) + bytes(rng.randrange(200))
    study.edit(lambda _: content)


@plants("HMX507")
def _large(study: Study, rng: random.Random) -> list[int]:
    row = some_row(study, rng)
    study.add_column("x_long", {row: "long " + "l" * 40_000})
    return [row]


@plants("HMX508")
def _empty(study: Study, rng: random.Random) -> None:
    study.rows = []


@plants("HMX509")
def _task_twice(study: Study, rng: random.Random) -> None:
    ending = rng.choice([e for e in ("csv", "jsonl") if e != study.style.ending])
    other = study.in_format(ending)
    study.files[other.path] = other.written()[other.path]


@plants("HMX510")
def _unknown_file(study: Study, rng: random.Random) -> None:
    study.files[rng.choice(["judgments/data.csv", "judgments/notes.txt", "raw.csv"])] = b"a\n1\n"


@plants("HMX511")
def _outside(study: Study, rng: random.Random) -> None:
    names = [f"judgments/{_other_task(study, rng)}.csv", "NOTES.md", "LICENSE"]
    study.files[rng.choice(names)] = rng.choice([b"-> ../../elsewhere", b"-> /etc/passwd", b"-> nowhere"])


@plants("HMX512")
def _no_file(study: Study, rng: random.Random) -> None:
    study.manifest["tasks"].append(_other_task(study, rng))


@plants("HMX513", sources=("cifar10/test",), has_participants=False)
def _no_task(study: Study, rng: random.Random) -> None:
    assume(study.manifest["stimuli"]["classes"] == "cifar10")
    path = f"judgments/{_other_task(study, rng)}.csv"
    study.files[path] = example_study(path[10:-4])[path]


@plants("HMX514")
def _same_file(study: Study, rng: random.Random) -> None:
    other = _other_task(study, rng)
    study.manifest["tasks"].append(other)
    copy = study.path.replace(study.task, other)
    study.edits.append(lambda files: files.update({copy: files[study.path]}))


@plants("HMX520")
def _no_manifest(study: Study, rng: random.Random) -> None:
    study.edits.append(lambda files: files.pop("study.yaml") and None)


@plants("HMX521")
def _no_yaml(study: Study, rng: random.Random) -> None:
    bad = [
        b"\ta: b",
        b"a: [b",
        b"a: &b c\nd: *b",
        b"id: twice",
        b"a: b: c",
        b"- a",
        b"a: !!python/name:os.system x",
        b"\xff",
    ]
    end = rng.choice(bad)
    study.edit(lambda text: text + b"\n" + end + b"\n", "study.yaml")


@plants("HMX522", examples=10)
def _field(study: Study, rng: random.Random) -> None:
    changes = [
        ("id", "Study"),
        ("title", "two\nlines"),
        ("version", "1.0"),
        ("authors", []),
        ("licence", "free for all"),
        ("collected", {"first": "2025-13", "last": "2025-12"}),
        ("collected", {"first": "2025-02", "last": "2025-01"}),
        ("language", "English"),
        ("tasks", ["draw"]),
        ("citation", {}),
        ("homepage", "example.org"),
        ("soft_labels", {"asked": [], "procedure": "released"}),
        ("soft_labels", {"asked": ["confidence"], "procedure": "one_hot"}),
        ("mood", "good"),
    ]
    name, value = rng.choice(changes)
    study.manifest[name] = value
    if rng.random() < 0.3:
        del study.manifest[rng.choice(["description", "ethics", "contact", "stimuli"])]


@plants("HMX523")
def _version(study: Study, rng: random.Random) -> None:
    study.manifest["schema_version"] = rng.choice(["9.0.0", "1.0.0", "2", "two", "", "2.0.0.0"])


@plants("HMX527", endings=TEXTS)
def _synthetic_rows(study: Study, rng: random.Random) -> list[int]:
    row = some_row(study, rng)
    study.add_column("flags", {row: "synthetic"})
    return [row]


@plants("HMX524")
def _unfinished(study: Study, rng: random.Random) -> None:
    study.manifest[rng.choice(["title", "description", "recruitment", "contact"])] = "TODO"


@plants("HMX526", tasks=(CATEGORICAL,))
def _unstated(study: Study, rng: random.Random) -> None:
    del study.manifest["soft_labels"]


@plants("HMX516", tasks=(CHOICE,))
def _too_new(study: Study, rng: random.Random) -> None:
    study.manifest["schema_version"] = rng.choice(["2.0.0", "2.1.0"])


@plants("HMX525", options={"is_draft": True})
def _draft(study: Study, rng: random.Random) -> None:
    study.manifest["ethics"]["consent"] = "TODO: ask"


@plants("HMX620", examples=1, tasks=(INFER,), sources=("cifar10/test",), endings=("csv",), fewest_people=3)
def _stale(study: Study, rng: random.Random) -> None:
    study.files["README.md"] = b"# By hand\n"


def _styled(study: Study, **changes: object):
    from dataclasses import replace

    return replace(study.style, **changes)
