"""Class order: columns realigned to other orders of classes give the right answer, or none."""

from __future__ import annotations

import datasets
import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import hmix_hub
from hmix_hub.errors import ConfigurationError, HMixError, SchemaError
from hmix_hub.schema import CIFAR10
from hmix_hub.tasks import CATEGORICAL, INFER, RELEASED_CONFIGURATIONS, RELEASED_FORMS

NAMES = list(CIFAR10.names)
REVERSED = NAMES[::-1]
LABELS = ("image_1_label", "image_2_label", "top_class", "second_class", "impossible_classes", "class_order")


def realigned(dataset, order, columns, *, described=True):
    """What `align_labels_with_mapping` makes of each column, without its cache files."""
    table, features = dataset.data.table, dict(dataset.features)
    for name in columns:
        old = getattr(features[name], "feature", features[name]).names
        moved = [
            None
            if cell is None
            else [order.index(old[c]) for c in cell]
            if isinstance(cell, list)
            else order.index(old[cell])
            for cell in table[name].to_pylist()
        ]
        feature = datasets.ClassLabel(names=order)
        features[name] = datasets.List(feature) if name in {"impossible_classes", "class_order"} else feature
        place = table.column_names.index(name)
        table = table.set_column(place, name, pa.array(moved, table.schema.field(name).type))
    info = dataset.info.copy()
    info.features = datasets.Features(features)
    info.description = info.description if described else ""
    return datasets.Dataset(table.cast(info.features.arrow_schema), info=info)


def spelled(dataset):
    """Rows of a dataset with classes by their names, distributions in the order of its first label column."""
    rows = dataset.to_list()
    names = dataset.features["image_1_label"].names
    for row in rows:
        for name, cell in row.items():
            if name in LABELS and cell is not None:
                feature = getattr(dataset.features[name], "feature", dataset.features[name])
                row[name] = [feature.names[c] for c in cell] if isinstance(cell, list) else feature.names[cell]
            elif name in {"soft_label", "mean_soft_label"}:
                row[name] = by_name(cell, names)
            elif name == "soft_labels":
                row[name] = [by_name(each, names) for each in cell]
    return rows


def by_name(shares, names):
    return {name: shares[names.index(name)] for name in NAMES}


def batches(dataset):
    distributed = {"soft_label", "mean_soft_label"} & set(dataset.column_names)
    wanted = ["shown", "soft_label" if distributed else "human"]
    columns = [name for name in LABELS[:5] if name in dataset.column_names]
    loader = hmix_hub.batches(dataset, 64, targets=wanted, columns=columns, shuffle=False)
    batch = next(iter(loader))
    names = dataset.features["image_1_label"].names
    return (
        batch["image"].tolist(),
        {target: [by_name(row, names) for row in batch[target].tolist()] for target in wanted},
        {name: decoded(batch[name], loader.vocabularies[name]) for name in columns},
    )


def decoded(codes, names):
    if codes.ndim == 2:
        return [sorted(names[code] for code in np.flatnonzero(row)) for row in codes]
    return [None if code < 0 else names[code] for code in codes.tolist()]


def tensors(dataset):
    made = hmix_hub.to_tensors(dataset)
    names = dataset.features["image_1_label"].names
    found = {name: decoded(made[name], made.vocabularies[name]) for name in LABELS[:5] if name in made}
    for name in {"soft_label", "mean_soft_label"} & set(made):
        found[name] = [by_name(row, names) for row in made[name].tolist()]
    return found


def computed(dataset):
    if "top_class" not in dataset.column_names:
        return []
    names = dataset.features["image_1_label"].names
    made = [hmix_hub.soft_labels(dataset, procedure) for procedure in (None, "released", "one_hot")]
    return [[by_name(row, names) for row in labels.tolist()] for labels in made]


def is_judgments(dataset):
    return "task" in dataset.column_names


JOBS = {
    "batches": batches,
    "JudgmentDataset": lambda d: by_name(
        hmix_hub.JudgmentDataset(d, images=None, targets="shown")[3]["shown"].tolist(),
        d.features["image_1_label"].names,
    ),
    "to_tensors": tensors,
    "by_stimulus": lambda d: spelled(hmix_hub.by_stimulus(d)) if is_judgments(d) else None,
    "join": lambda d: spelled(hmix_hub.join([d])) if is_judgments(d) else None,
    "soft_labels": computed,
    "filter": lambda d: [r["pair_id"] for r in hmix_hub.filter(d, labels=["dog", "cat", "ship"]).to_list()],
    "class_pair": lambda d: [r["pair_id"] for r in hmix_hub.filter(d, class_pair=pair_of(d)).to_list()],
    "render": lambda d: hmix_hub.render(d).tolist(),
    "add_images": lambda d: spelled(hmix_hub.add_images(d).remove_columns("image")),
    "split": lambda d: [row["pair_id"] for row in hmix_hub.split(d, seed=1)["test"].to_list()],
    "to_pandas": lambda d: hmix_hub.to_pandas(d)[["image_1_label", "image_2_label"]].astype(object).values.tolist(),
    "align_labels": lambda d: spelled(hmix_hub.align_labels(d, REVERSED)),
}
EXPECTED = {}


def pair_of(dataset):
    first = dataset[0]["pair_id"].split("_")
    return first[0], first[2]


@pytest.fixture(scope="module")
def some(load_sample):
    return {config: realigned(load_sample(config).select(range(24)), NAMES, []) for config in RELEASED_CONFIGURATIONS}


@settings(max_examples=60, deadline=None)
@given(
    job=st.sampled_from(list(JOBS)),
    config=st.sampled_from([INFER, CATEGORICAL, f"{CATEGORICAL}_by_stimulus"]),
    order=st.permutations(NAMES) | st.just([*NAMES[1::-1], *NAMES[2:]]),
    chosen=st.sets(st.sampled_from(LABELS)),
    described=st.booleans(),
)
def test_the_answer_is_right_or_refused_whatever_was_realigned(some, *, job, config, order, chosen, described):
    original = some[config]
    columns = [name for name in LABELS if name in chosen and name in original.column_names]
    if (job, config) not in EXPECTED:
        EXPECTED[job, config] = JOBS[job](original)
    changed = realigned(original, order, columns, described=described)
    refused = False
    try:
        found = JOBS[job](changed)
    except HMixError:
        refused = True
    if refused:
        # Without soft labels there is nothing that cannot be recoded.
        assert config != INFER
        assert columns
    else:
        assert found == EXPECTED[job, config]


@pytest.mark.parametrize("config", [*RELEASED_FORMS, f"{CATEGORICAL}_by_stimulus", f"{INFER}_by_stimulus"])
def test_align_labels_reorders_all_columns(config, some):
    aligned = hmix_hub.align_labels(some[config], [name.upper() for name in REVERSED])
    for name in {*LABELS} & {*aligned.column_names}:
        feature = aligned.features[name]
        assert getattr(feature, "feature", feature).names == [name.upper() for name in REVERSED]
    back = hmix_hub.align_labels(aligned, NAMES)
    assert back.features == some[config].features
    assert back.to_list() == some[config].to_list()
    picked = hmix_hub.align_labels(some[config].select([5, 3]), REVERSED)
    assert spelled(picked) == [spelled(some[config])[row] for row in (5, 3)]
    target = "soft_label" if CATEGORICAL in config else "shown" if "mixing" in config else "human"
    reversed_batch = next(iter(hmix_hub.batches(aligned, 24, images=None, targets=target, shuffle=False)))[target]
    batch = next(iter(hmix_hub.batches(some[config], 24, images=None, targets=target, shuffle=False)))[target]
    assert torch.equal(reversed_batch, batch.flip(1))


def test_align_labels_takes_a_model_with_more_classes(some):
    classes = ["person", *REVERSED, "zebra"]
    aligned = hmix_hub.align_labels(some[CATEGORICAL], classes)
    batch = next(iter(hmix_hub.batches(aligned, 24, images=None, targets="soft_label")))["soft_label"]
    assert batch.shape == (24, 12)
    assert (batch[:, [0, 11]] == 0).all()
    assert spelled(aligned) == spelled(some[CATEGORICAL])


@pytest.mark.parametrize(
    ("classes", "said"),
    [("dog", "list of class names"), (None, "list of class names"), (NAMES[:9], "truck"), ([*NAMES, "Dog"], "twice")],
)
def test_orders_without_each_class_once_are_refused(classes, said, some):
    with pytest.raises(HMixError, match=said):
        hmix_hub.align_labels(some[INFER], classes)


@pytest.mark.parametrize("config", [CATEGORICAL, f"{CATEGORICAL}_by_stimulus"])
@pytest.mark.parametrize("described", [True, False])
def test_soft_labels_left_in_their_order_are_refused_with_the_way_out(config, described, some):
    columns = [name for name in LABELS if name in some[config].column_names]
    changed = realigned(some[config], REVERSED, columns, described=described)
    target = {"images": None, "targets": "soft_label"}
    for call in (hmix_hub.plot, hmix_hub.to_tensors, hmix_hub.to_pandas, lambda d: hmix_hub.batches(d, **target)):
        with pytest.raises(SchemaError, match="soft labels may have another class order") as refused:
            call(changed)
        assert "align_labels" in refused.value.hint
    aligned = hmix_hub.align_labels(changed, REVERSED, soft_labels_in=NAMES)
    assert spelled(aligned) == spelled(some[config])
    assert hmix_hub.batches(aligned, **target)


@pytest.mark.parametrize("columns", [["top_class", "soft_label"], ["soft_label", "second_class", "top_class"]])
def test_soft_labels_beside_the_answers_alone_count_as_these_do(columns, some):
    plain = some[CATEGORICAL].select_columns(columns)
    changed = realigned(plain, REVERSED, [name for name in LABELS if name in columns])
    for call in (hmix_hub.soft_labels, hmix_hub.to_tensors, hmix_hub.to_pandas):
        assert len(call(plain))
        with pytest.raises(SchemaError, match="soft labels may have another class order"):
            call(changed)
    aligned = hmix_hub.align_labels(changed, REVERSED, soft_labels_in=NAMES)
    expected = hmix_hub.align_labels(plain, REVERSED)
    assert aligned.features == expected.features
    assert aligned.to_list() == expected.to_list()


def test_soft_labels_of_ones_own_making_are_taken_from_a_loaded_dataset(some):
    own = some[CATEGORICAL].map(lambda row: {"soft_label": (np.array(row["soft_label"]) * 0.9 + 0.01).tolist()})
    batch = next(iter(hmix_hub.batches(own, 24, images=None, targets="soft_label", shuffle=False)))["soft_label"]
    assert batch[0].tolist() == pytest.approx(own[0]["soft_label"])


def test_datasets_own_alignment_of_one_column(load_sample):
    some = load_sample().select(range(20))
    one = some.align_labels_with_mapping({name: code for code, name in enumerate(REVERSED)}, "image_1_label")
    shown = [next(iter(hmix_hub.batches(d, 20, targets="shown", shuffle=False)))["shown"] for d in (some, one)]
    assert torch.equal(shown[1], shown[0].flip(1))


def test_a_column_that_was_given_other_names_is_refused(some):
    cast = some[INFER].cast_column("image_2_label", datasets.ClassLabel(names=REVERSED))
    for call in (hmix_hub.by_stimulus, hmix_hub.render, lambda d: hmix_hub.join([d])):
        with pytest.raises(SchemaError, match="not those of its pair"):
            call(cast)


@pytest.mark.parametrize("code", [-1, 10])
def test_a_label_that_is_none_of_the_classes_is_refused(code, some):
    table = some[CATEGORICAL].data.table
    place = table.column_names.index("top_class")
    spoilt = table.set_column(place, "top_class", pa.array([code] + [0] * 23, pa.int64()))
    dataset = datasets.Dataset(spoilt, info=some[CATEGORICAL].info)
    with pytest.raises(SchemaError, match=f"top_class is {code}"):
        hmix_hub.soft_labels(dataset, "released")
    assert len(hmix_hub.soft_labels(dataset.select(range(1, 24)), "one_hot")) == 23


def test_joined_studies_that_offered_other_classes_keep_their_soft_labels(some):
    other = some[CATEGORICAL].select(range(12))
    named = [f"own {name}" for name in NAMES]
    table = other.data.table.slice(0, 12)
    for name in ("study_id", "judgment_id"):
        values = pa.array([f"b/{text}" for text in table[name].to_pylist()])
        table = table.set_column(table.column_names.index(name), name, values)
    renamed = realigned(datasets.Dataset(table, info=other.info), NAMES, [], described=False)
    features = dict(renamed.features)
    for name in LABELS:
        if name in features:
            feature = datasets.ClassLabel(names=named)
            features[name] = datasets.List(feature) if hasattr(features[name], "feature") else feature
    renamed = renamed.cast(datasets.Features(features))
    joined = hmix_hub.join([some[CATEGORICAL], renamed])
    lost = realigned(joined, joined.features["image_1_label"].names, [], described=False)
    assert len(hmix_hub.by_stimulus(lost)) == len(hmix_hub.by_stimulus(joined))
    assert (hmix_hub.soft_labels(lost) == hmix_hub.soft_labels(joined)).all()


def test_what_is_no_dataset_cannot_be_aligned():
    with pytest.raises(ConfigurationError, match="DatasetDict"):
        hmix_hub.align_labels(hmix_hub.load_dataset("h-mix", source="sample"), NAMES)
