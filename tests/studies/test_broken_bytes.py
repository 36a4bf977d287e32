"""Broken bytes: whatever a file holds, the answer is a list of findings, and never an exception."""

from __future__ import annotations

import gzip
import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from study_generator.broken import break_bytes, transcode
from study_generator.studies import studies

from hmix_hub.contribute.checking import check_study
from hmix_hub.studies.stored_rows import read_judgments
from hmix_hub.studies.study import Study

_SLOW = settings(max_examples=60, suppress_health_check=list(HealthCheck))


def answer(folder):
    """Check a study, and read it where nothing is wrong."""
    study = Study.open(folder)
    check_study(study).as_dict()
    if not study.report.errors:
        for task in study.folder.judgments:
            assert read_judgments(study.folder, study.manifest, task).num_rows


def with_broken(study, rng, name):
    files = study.written()
    content = files[name]
    is_inside = name.endswith(".gz") and rng.random() < 0.8
    content = gzip.decompress(content) if is_inside else content
    is_text = is_inside or not name.endswith((".gz", ".parquet"))
    content = transcode(content, rng) if is_text and rng.random() < 0.2 else break_bytes(content, rng)
    return files | {name: gzip.compress(content, 1) if is_inside else content}


@_SLOW
@given(study=studies(), seed=st.integers(0, 2**32))
def test_broken_judgments_are_findings(study, seed, put, write_files):
    folder = put(study)
    write_files(folder, with_broken(study, random.Random(seed), study.path))
    answer(folder)


@_SLOW
@given(study=studies(sources=("own",), has_participants=True), seed=st.integers(0, 2**32))
def test_whatever_else_is_broken_is_a_finding(study, seed, put, write_files):
    folder = put(study)
    rng = random.Random(seed)
    names = ["study.yaml", "study.yaml", "participants.csv", "stimuli/images.csv", "stimuli/0.png"]
    write_files(folder, with_broken(study, rng, rng.choice(names)))
    answer(folder)


@settings(max_examples=80)
@given(content=st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_at_all_are_findings(content, tmp_path_factory, write_files):
    folder = tmp_path_factory.getbasetemp() / "any-bytes"
    for ending in ("csv", "jsonl", "csv.gz", "parquet"):
        for old in folder.glob("judgments/*"):
            old.unlink()
        write_files(folder, {f"judgments/infer_mixing_factor.{ending}": content, "study.yaml": _MANIFEST})
        assert check_study(Study.open(folder)).errors


@settings(max_examples=80)
@given(text=st.text(st.characters(codec="utf-8"), max_size=200) | st.text("abc:-[]{}&*!|>'\"#%@`,? \n\t", max_size=80))
def test_any_text_is_no_manifest_but_a_finding(text, tmp_path_factory, write_files):
    folder = write_files(tmp_path_factory.getbasetemp() / "any-text", {"study.yaml": text.encode()})
    assert check_study(Study.open(folder)).errors


def _manifest() -> bytes:
    from hmix_hub.studies.example import example_study

    return example_study()["study.yaml"]


_MANIFEST = _manifest()
