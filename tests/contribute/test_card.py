"""Card of a study: what the Hub reads in it, what people read, and that a manifest cannot break either."""

from __future__ import annotations

import re
from collections import Counter

import datasets
import pytest
import yaml
from huggingface_hub import DatasetCard
from study_generator.changed_example import example

from hmix_hub.contribute.building import write_tables
from hmix_hub.contribute.description.card import card_text
from hmix_hub.contribute.description.card_metadata import size_category
from hmix_hub.contribute.description.markdown import block, inline, link, paragraphs, reachable
from hmix_hub.contribute.description.totals import study_statistics
from hmix_hub.schema import CIFAR10
from hmix_hub.tasks import CATEGORICAL, INFER, TASKS

HEADINGS = [
    *("# Mixed pictures, an example study", "## What is in it", "## Loading", "## Fields of the judgments"),
    *("### `infer_mixing_factor`", "## Fields of the tables by stimulus", "### `infer_mixing_factor_by_stimulus`"),
    *("## Fields of the participants", "## Classes", "## Stimuli", "## How it was collected", "### Recruitment"),
    *("### Ethics", "### Consent", "## Statistics", "## Quality flags", "## Use", "## Licence", "## Citation"),
    *("## Authors", "## Contact"),
]
HOSTILE = (
    "# Top\n\n## Next\n---\n===\n<script>alert(1)</script> <!-- x\n| a | b |\n|---|---|\n- item\n1. one\n```\n"
    "{{ 7 * 7 }}{% x %}\n[a](javascript:b) ![i](http://e.org/i.png) &lt; $x$ \u202eevil\u0085"
)


def card_of(content):
    return card_text(content)


def metadata_of(card):
    return yaml.safe_load(card.split("---\n")[1])


def outside_fences(card):
    body = card.split("\n---\n", 1)[1]
    return re.sub(r"(?ms)^(`{3,})[^`\n]*\n.*?^\1$", "", body)


def headings_of(card):
    return [line for line in outside_fences(card).splitlines() if line.startswith("#")]


def test_the_metadata_are_what_the_hub_reads(tmp_path):
    card = DatasetCard(card_of(example(tmp_path)))
    data = card.data.to_dict()
    assert data["pretty_name"] == "Mixed pictures, an example study"
    assert (data["license"], data["language"], data["size_categories"]) == ("cc0-1.0", ["en"], ["n<1K"])
    assert data["task_categories"] == ["image-classification"]
    assert {"h-mix-study", "mixup", "human-judgments", "soft-labels"} <= set(data["tags"])
    assert [(config["config_name"], config.get("default", False)) for config in data["configs"]] == [
        ("infer_mixing_factor", True),
        ("infer_mixing_factor_by_stimulus", False),
        ("participants", False),
    ]
    assert all(set(info) == {"config_name", "features"} for info in data["dataset_info"])


@pytest.mark.parametrize("task", TASKS)
def test_plain_datasets_loads_every_configuration_with_its_features(task, tmp_path):
    content = example(tmp_path, task)
    out = tmp_path / "built"
    write_tables(content, out)
    (out / "README.md").write_text(card_of(content), encoding="utf-8")
    for name in content.configurations:
        table = content.table(name)
        loaded = datasets.load_dataset(str(out), name, split="train", cache_dir=str(tmp_path / "cache"))
        assert loaded.features == content.features(name)
        assert loaded.to_list() == table.to_pylist()
    default = datasets.load_dataset(str(out), split="train", cache_dir=str(tmp_path / "cache"))
    assert default.features == content.features(content.default)


def test_the_sections_stand_in_order(tmp_path):
    card = card_of(example(tmp_path))
    assert headings_of(card) == HEADINGS
    assert "- Ada Example ([0000-0002-1825-0097](https://orcid.org/0000-0002-1825-0097)), Example University" in card
    assert "DOI: [10.5281/zenodo.1234567](https://doi.org/10.5281/zenodo.1234567)" in card
    assert "[CC0-1.0](https://spdx.org/licenses/CC0-1.0.html)" in card
    assert "![Statistics of `infer_mixing_factor`](statistics/infer_mixing_factor.png)" in card
    assert 'hmix_hub.load_dataset("ORGANISATION/example-study", "infer_mixing_factor", split="train")' in card
    assert "generated from `study.yaml`" in card.splitlines()[-1]
    assert card.endswith("card.\n")
    assert "\n\n\n" not in card.split("\n---\n", 1)[1]


def test_figures_of_the_card_are_those_of_the_statistics(tmp_path):
    content = example(tmp_path)
    found = study_statistics(content)
    figures = found["tasks"][INFER]
    assert "| judgments | 144 |\n| repeats | 12 |\n| people | 12 |\n" in card_text(content)
    figures["bias"]["bias"], figures["flags"]["straightlining"] = -0.12345, {"rows": 17, "people": 3}
    card = card_text(content)
    assert "| bias: mean of inferred minus shown | -0.123 |" in card
    assert "| `straightlining` | `infer_mixing_factor` | 17 | 3 |" in card


def test_the_same_study_gives_the_same_card(tmp_path):
    assert card_of(example(tmp_path / "a", CATEGORICAL)) == card_of(example(tmp_path / "b", CATEGORICAL))


def test_a_study_with_its_own_classes_and_no_participants(tmp_path):
    classes = ["yes", "null", "1", "a*b", "<b>", *CIFAR10.names]
    stimuli = {"source": "own", "mixing": "morph", "mixing_note": "Faces were *morphed*.", "classes": classes}
    content = example(tmp_path, CATEGORICAL, without=["participants.csv"], stimuli=stimuli)
    card = card_of(content)
    features = {feature["name"]: feature.get("dtype") for feature in metadata_of(card)["dataset_info"][0]["features"]}
    labels = features["image_1_label"]["class_label"]["names"]
    assert list(labels.values()) == classes
    assert "0 yes, 1 null, 2 1, 3 a&#42;b, 4 &#60;b&#62;, 5 airplane" in card
    assert "Faces were &#42;morphed&#42;." in card
    assert "K is the number of classes, 15" in card
    assert "participants" not in [config["config_name"] for config in metadata_of(card)["configs"]]
    assert "## Fields of the participants" not in card


def test_what_a_manifest_says_is_shown_and_means_nothing(tmp_path):
    line = " ".join(HOSTILE.split())
    content = example(
        tmp_path,
        title=line,
        description=HOSTILE,
        recruitment=HOSTILE,
        authors=[{"name": line, "affiliation": line}],
        ethics={"approval": HOSTILE, "consent": HOSTILE},
        citation={"doi": "10.1234/a)<b>[c](javascript:d)", "bibtex": "@misc{a,\n```\n# Heading\n<script>\n````\n}"},
        contact=line,
        homepage="https://example.org/)<script>&lt;",
    )
    card = card_of(content)
    body = outside_fences(card)
    assert headings_of(card)[1:] == HEADINGS[1:]
    assert headings_of(card)[0].startswith("# &#35; Top &#35;&#35; Next")
    assert "<" not in body
    assert "{{ 7 * 7 }}" not in body
    assert "{{ 7 &#42; 7 }}" in body
    assert not re.search(r"^(---|===|- item|1\. one|\|---\|)", body.split("## How it was collected")[1], re.MULTILINE)
    targets = re.findall(r"\]\(([^)]*)\)", body)
    assert all(re.match(r"https?://[^\s<]*$|statistics/\w+\.png$", target) for target in targets)
    assert "\u202e" not in card
    assert "\u0085" not in card
    assert DatasetCard(card).data.pretty_name == line.replace("\u202e", "").replace("\u0085", "")


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("CC-BY-4.0", {"license": "cc-by-4.0"}),
        ("ODbL-1.0", {"license": "odbl"}),
        ("GPL-3.0-or-later", {"license": "gpl-3.0"}),
        ("CC-BY-3.0-AT", {"license": "other", "license_name": "cc-by-3.0-at"}),
        ("MIT OR Apache-2.0", {"license": "other", "license_name": "mit-or-apache-2.0"}),
    ],
)
def test_a_licence_that_the_hub_does_not_know_is_other_by_name(licence, expected, tmp_path):
    metadata = metadata_of(card_of(example(tmp_path, licence=licence)))
    assert {name: value for name, value in metadata.items() if name.startswith("license")} == expected


def test_a_language_with_a_region_is_told_apart(tmp_path):
    metadata = metadata_of(card_of(example(tmp_path, language="pt-BR")))
    assert (metadata["language"], metadata["language_bcp47"]) == (["pt"], ["pt-BR"])


def test_size_categories_are_the_hubs():
    sizes = [0, 999, 1000, 9999, 10_000, 999_999, 10**6, 10**12]
    found = [size_category(n) for n in sizes]
    assert found == ["n<1K", "n<1K", "1K<n<10K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "n>1T"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Plain text, 2.5 of it - and (more)!", "Plain text, 2.5 of it - and (more)!"),
        ("1. One", "1&#46; One"),
        ("- a", "&#45; a"),
        ("a\n\tb", "a b"),
        ("a_b `c` \\d", "a&#95;b &#96;c&#96; &#92;d"),
        ("", ""),
    ],
)
def test_text_is_escaped_only_where_it_would_mean_something(text, expected):
    assert inline(text) == expected


def test_paragraphs_and_lists_keep_their_lines():
    assert paragraphs("One\ntwo:\n- a\n- b\n\n\nThree") == "One\ntwo:\\\n&#45; a\\\n&#45; b\n\nThree"


def test_a_block_cannot_be_closed_from_within():
    assert block("a\n```\nb") == "````\na\n```\nb\n````"


def test_only_addresses_become_links():
    assert reachable("javascript:alert(1)") == "javascript:alert(1)"
    assert reachable("lab@example.org") == "[lab@example.org](mailto:lab@example.org)"
    assert link("x", "https://e.org/a)(b?c=1&d") == "[x](https://e.org/a%29%28b?c=1&amp;d)"


@pytest.mark.parametrize("task", TASKS)
def test_every_column_of_every_table_is_described(task, tmp_path):
    study = example(tmp_path, task)
    card = card_of(study)
    described = Counter(column.name for name in study.tables for column in study.columns(name))
    assert {name: n for name, n in described.items() if card.count(f"\n| `{name}` |") < n} == {}
