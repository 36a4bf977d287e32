"""The manifest: the form of every field, and YAML that means what it says."""

from __future__ import annotations

import re

import pytest

from hmix_hub.studies.example import example_study
from hmix_hub.studies.findings import Report
from hmix_hub.studies.manifest import orcid_check_digit
from hmix_hub.studies.manifest_file import read_manifest, schema_text, shipped_schema
from hmix_hub.yaml_file import SIZE_LIMIT, parse_yaml

TEXT = example_study()["study.yaml"].decode()


@pytest.fixture
def read(tmp_path):
    """Read the text of a manifest: the manifest, and what is found, as (code, field, note)."""

    def read_text(text, **options):
        (tmp_path / "study.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
        report = Report()
        manifest = read_manifest(tmp_path, report, **options)
        return manifest, [(found.rule.code, found.column, found.spots[0].note) for found in report]

    return read_text


def with_field(name, value):
    """Return the example with a field of the top, or of one below it, replaced."""
    changed, times = re.subn(rf"(?m)^( *(?:- )?){name}:.*$", lambda found: f"{found[1]}{name}: {value}", TEXT, count=1)
    return changed if times else f"{TEXT}{name}: {value}\n"


GOOD = {
    "id": ["abc", "a-b_c9", "a" * 64],
    "title": ["'A: B'", "Über Mischbilder"],
    "version": ["0.0.1", "10.20.30", "1.0.0-rc.1"],
    "orcid": ["0000-0002-1694-233X", "https://orcid.org/0000-0002-1825-0097"],
    "licence": ["CC-BY-4.0", "CC0-1.0", "MIT OR Apache-2.0", "cc-by-4.0", "LicenseRef-Own"],
    "first": ["1999-12", "2025-05"],
    "language": ["no", "de", "pt-BR", "zh-Hant-TW"],
    "doi": ["10.5281/zenodo.1", "10.1234/a(b)c;1"],
    "homepage": ["https://example.org/a?b", "http://example.org"],
}
BAD = {
    "id": ["ab", "Abc", "1ab", "a-", "a b", "a/b", "a" * 65, "äbc"],
    "title": ["''", "' '", '"a\\nb"', "x" * 301],
    "version": ["1", "1.0", "01.0.0", "1.0.0.0", "v1.0.0", "\u0967.0.0", "1.0.0-"],
    "orcid": ["0000-0002-1825-0098", "0000-0002-1825-009", "0000000218250097", "\u0660000-0002-1825-0097"],
    "licence": ["free", "''", "CC-BY", "MIT AND", "not MIT"],
    "first": ["2025", "2025-5", "2025-13", "2025-00", "2025-05-01", "25-05", "\u0662\u0660\u0662\u0665-05"],
    "language": ["English", "e", "EN", "en_GB", "''"],
    "doi": ["https://doi.org/10.5281/zenodo.1", "10.5281", "zenodo.1", "10.1/a", "'10.5281/a b'"],
    "homepage": ["example.org", "ftp://example.org", "javascript:alert(1)"],
    "mixing": ["blend", "''"],
    "source": ["cifar10", "own/pictures"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in GOOD.items() for value in values])
def test_a_field_takes_what_has_its_form(name, value, read):
    manifest, found = read(with_field(name, value))
    assert found == []
    assert manifest is not None


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_a_field_refuses_what_has_another_form_and_says_where(name, value, read):
    text = with_field(name, value)
    _, found = read(text)
    ((code, field, note),) = found
    line = 1 + next(n for n, line in enumerate(text.split("\n")) if line.lstrip("- ").startswith(f"{name}:"))
    assert (code, field.split(".")[-1]) == ("HMX522", name)
    assert note.startswith(f"line {line}: ")


@pytest.mark.parametrize(
    "name", ["id", "title", "version", "description", "authors", "licence", "ethics", "recruitment"]
)
def test_a_field_that_is_missing_is_named(name, read):
    text = re.sub(rf"(?m)^{name}:.*\n(?: .*\n)*", "", TEXT)
    _, found = read(text)
    assert [(code, field) for code, field, _ in found] == [("HMX522", name)]


def test_a_field_that_is_unknown_is_named_with_its_line(read):
    _, found = read(TEXT + "mood: good\n")
    ((code, field, note),) = found
    assert (code, field) == ("HMX522", "mood")
    assert note.startswith(f"line {TEXT.count(chr(10)) + 1}: there is no such key")


def test_an_unknown_field_is_answered_with_the_fields_of_its_place(read):
    _, found = read(TEXT.replace("ethics:\n", "ethics:\n  ok: yes\n").replace("stimuli:\n", "stimuli:\n  set: own\n"))
    notes = {column: note for _, column, note in found}
    assert notes["ethics.ok"].endswith("there is no such key; the keys are approval, consent")
    assert notes["stimuli.set"].endswith("the keys are source, mixing, mixing_note, classes")


def test_unknown_fields_of_a_newer_package_may_be_passed_over(read):
    manifest, found = read(TEXT + "mood: good\n", is_lenient=True)
    assert (manifest.id, found) == ("example-study", [])


def test_all_that_is_wrong_is_told_at_once(read):
    _, found = read(with_field("version", "1").replace("language: en", "language: English"))
    assert [field for _, field, _ in found] == ["language", "version"]


def test_the_last_month_is_not_before_the_first(read):
    _, found = read(with_field("last", "2025-02"))
    assert [(code, field) for code, field, _ in found] == [("HMX522", "collected")]


def test_a_citation_is_a_doi_or_a_whole_bibtex_entry(read):
    assert read(TEXT.replace("doi: 10.5281/zenodo.1234567", "bibtex: '@article{a, title={B}}'"))[1] == []
    assert read(TEXT.replace("doi: 10.5281/zenodo.1234567", "bibtex: '@article{a, title={B}'"))[1] != []


@pytest.mark.parametrize("classes", ["[a]", "[a, A]", "[a, b/c]", "[mixed_a, b]", "imagenet", "[a, '']"])
def test_classes_are_two_or_more_that_differ_and_spoil_no_id(classes, read):
    _, found = read(with_field("classes", classes))
    assert {code for code, _, _ in found} == {"HMX522"}


def test_pictures_that_are_rated_alone_may_be_of_one_class(read):
    text = with_field("classes", "[face]")
    _, found = read(text)
    assert "infer_mixing_factor needs at least two classes" in found[0][2]
    scale = "{name: trust, question: How much?, low: not at all, high: very, steps: 7}"
    manifest, found = read(text.replace("  - infer_mixing_factor", f"  - scale_rating\nscales: [{scale}]"))
    assert (found, manifest.vocabulary.names) == ([], ("face",))


def test_the_tasks_are_put_in_the_schemas_order(read):
    manifest, _ = read(TEXT.replace("  - infer", "  - categorical_soft_labels\n  - infer"))
    assert manifest.tasks == ["infer_mixing_factor", "categorical_soft_labels"]


@pytest.mark.parametrize("digits", ["0000-0002-1825-0097", "0000-0001-5109-3700", "0000-0002-1694-233X"])
def test_the_check_digit_of_an_orcid_follows_from_the_others(digits):
    assert orcid_check_digit(digits) == digits[-1]


@pytest.mark.parametrize(
    "value", ["no", "yes", "on", "1.0", "1e3", "0x1F", "2025-03-01", "12:30:45", "null", "Null", "1_000", ".inf"]
)
def test_no_value_is_guessed_to_be_anything_but_text(value):
    assert parse_yaml(f"a: {value}\nb: [{value}]").content == {"a": value, "b": [value]}


@pytest.mark.parametrize("nothing", ["", "~", "# comment"])
def test_a_field_that_is_left_empty_is_left_out(nothing, read):
    assert parse_yaml(f"a: {nothing}").content == {"a": None}
    manifest, found = read(TEXT + f"homepage: {nothing}\n")
    assert (manifest.homepage, found) == (None, [])


NOT_YAML = {
    "an alias": ("a: &x b\nc: *x", "line 2: an alias"),
    "a tag": ("a: !!python/name:os.system ''", "line 1: a tag"),
    "a tag of YAML's own": ("a: !!binary aGk=", "line 1: a tag"),
    "a key twice": ("a: b\nc: d\na: e", "line 3: a occurs twice"),
    "a key twice below": ("a:\n  b: c\n  b: d", "line 3: b occurs twice"),
    "a key that is a list": ("[a, b]: c", "line 1: a field name"),
    "depth": ("a: " + "[" * 30 + "]" * 30, "line 1: nested more than 20 levels deep"),
    "a list": ("- a", "not a list of fields"),
    "a text": ("a", "not a list of fields"),
    "nothing": ("", "not a list of fields"),
    "two documents": ("a: b\n---\nc: d", "line 2"),
    "a tab": ("a:\n\tb: c", "line 2"),
    "half of a character": ('a: "\\ud800"', ""),
    "a control character": ("a: \x07", ""),
    "Latin-1": ("a: é".encode("latin-1"), "not UTF-8 at byte 3"),
    "too much": ("#" * (SIZE_LIMIT + 1), "larger than"),
}


@pytest.mark.parametrize("name", NOT_YAML)
def test_what_a_manifest_has_no_use_for_is_refused(name, read):
    text, said = NOT_YAML[name]
    manifest, ((code, _, note),) = read(text)
    assert (manifest, code) == (None, "HMX521")
    assert said in note


def test_a_byte_order_mark_is_no_fault(read):
    assert read(b"\xef\xbb\xbf" + TEXT.encode())[1] == []


@pytest.mark.parametrize("version", ["1.0.0", "9.0.0", "two", "[2]", "{a: b}", "''"])
def test_another_schema_is_told_alone(version, read):
    _, found = read(with_field("schema_version", version).replace("language: en", "language: English"))
    assert [code for code, _, _ in found] == ["HMX523"]


def test_what_is_left_to_do_keeps_a_study_from_being_finished_but_not_from_being_a_draft(read):
    text = with_field("contact", "TODO an email address")
    assert [code for code, _, _ in read(text)[1]] == ["HMX524"]
    assert [code for code, _, _ in read(text, is_draft=True)[1]] == ["HMX525"]


def test_the_shipped_json_schema_is_the_models():
    assert shipped_schema() == schema_text()
