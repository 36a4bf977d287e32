"""A report made by hand: one finding of every shape, over a few judgments."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from hmix_hub.findings.finding import Finding, Number, RowRef, Series, Table
from hmix_hub.findings.report import Report, SourceFile
from hmix_hub.tasks import INFER

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
CLASSES = ("airplane", "bird", "cat", "deer")


def number(name, value, half=0.02, *, unit="", n=(4, 2), label="", note="", rows=(0, 1, 2, 3)):
    low, high = (None, None) if value is None or half is None else (value - half, value + half)
    ref = RowRef(INFER, np.array(rows, dtype=np.int64), ("inferred_coefficient",))
    return Number(name, label or f"the number {name}", value, low, high, unit, *n, ref, note)


def judgments(*, study="example", people=("p1", "p2"), flags=()):
    n = 4
    return pa.table(
        {
            "judgment_id": [f"{study}/{INFER}/{people[i % len(people)]}/{i}" for i in range(n)],
            "study_id": [study] * n,
            "participant_id": [people[i % len(people)] for i in range(n)],
            "image_set": ["cifar10/test"] * n,
            "stimulus_id": [f"mixed_0.5_Dog_{i // 2}_Frog_7" for i in range(n)],
            "inferred_coefficient": [0.4, 0.5, 0.6, 0.7],
            "flags": pa.array([list(flags)] * n, pa.list_(pa.string())),
            "source_file": ["raw.csv"] * n,
            "source_row": pa.array(range(n), pa.int32()),
        }
    )


def inferred(label="participants"):
    means = [number(f"infer.mean.{level:g}", 0.05 + 0.9 * level, unit="share of image 1") for level in LEVELS]
    return Finding(
        "inferred-against-shown",
        "Inferred against shown coefficients",
        f"Shown 0.9, {label} infer 0.860.\n\nShown 0.1, they infer 0.140.",
        tuple(means),
        (
            Table(
                "inferred-means",
                "Mean inferred coefficient",
                ("shown", "inferred", "judgments"),
                tuple((f"{level:g}", mean, "4") for level, mean in zip(LEVELS, means, strict=True)),
            ),
        ),
        (
            Series.of(
                "inferred",
                label,
                ("mixing coefficient shown", "mixing coefficient inferred"),
                means,
                levels=LEVELS,
                reference=np.array(LEVELS),
            ),
        ),
        "Means of all judgments.",
    )


def visibility(classes=CLASSES):
    effects = [number(f"class.{name}", 0.1 * place - 0.15) for place, name in enumerate(classes)]
    pairs = [(one, two) for place, two in enumerate(classes) for one in classes[:place]]
    shrunk = [number(f"pair.{one}-{two}", 0.03 * place - 0.1) for place, (one, two) in enumerate(pairs)]
    names = [f"{one} \u2013 {two}" for one, two in pairs]
    return Finding(
        "classes",
        "Classes that are seen more than they are shown",
        "The later a class stands in the alphabet, the more it is seen.",
        (*effects, *shrunk, number("class.spread", None)),
        (
            Table(
                "class-effects",
                "By class",
                ("class", "effect"),
                tuple((name, effect) for name, effect in zip(classes, effects, strict=True)),
            ),
        ),
        (
            Series.of("class-effects", "effect", ("class", "share seen beyond what is shown"), effects, names=classes),
            Series.of("pairs", "shrunk", ("pair", "share of image 1 beyond what is shown"), shrunk, names=names),
        ),
    )


def retest():
    rng = np.random.default_rng(0)
    means = rng.uniform(size=30)
    empty = np.full(30, np.nan)
    parts = [number(f"variance.{name}", share, unit="") for name, share in zip("cps", (0.03, 0.31, 0.66), strict=True)]
    icc = number("retest.icc", 0.855, 0.03, n=(1, 1))
    return Finding(
        "retest",
        "The same person, twice",
        "",
        (*parts, icc),
        (),
        (
            Series("retest", "first and second", "mean of both", "second minus first", means,
                   rng.normal(0, 0.1, 30), empty, empty, kind="points"),
            Series.of("variance", "squared deviation", ("", "share"), parts, names=("curve", "stimulus", "people"),
                      kind="bars"),
        ),
    )  # fmt: skip


def made_report(*findings, datasets=("example",), table=None, missing=("Nobody was asked the task x.",)):
    return Report(
        tuple(datasets),
        findings or (inferred(), visibility(), retest()),
        (SourceFile("example", INFER, "judgments/infer_mixing_factor.csv", "ab" * 32, 4, 2),),
        tuple(missing),
        "Percentile intervals of 95 %, by resampling participants.",
        0,
        2000,
        {INFER: judgments() if table is None else table},
    )
