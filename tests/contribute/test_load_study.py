"""Loading contributed studies: from their folder, from where they were built, and from the Hub."""

from __future__ import annotations

import pytest
from study_generator.own_pictures import with_own_pictures

import hmix_hub
from hmix_hub.contribute.building import build
from hmix_hub.contribute.publishing.publisher import publish
from hmix_hub.errors import (
    ConfigurationError,
    FilterError,
    SchemaError,
    SchemaVersionError,
    SourceMissingError,
    StudyError,
)
from hmix_hub.schema import CURRENT
from hmix_hub.studies.study import Study
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER

REPOSITORY = "lab/example-study"


@pytest.fixture(params=["folder", "built", "hub"])
def place(request, study, tmp_path):
    """The example study, at each place that one can be loaded from."""
    if request.param == "folder":
        return study
    if request.param == "built":
        return build(Study.open(study), tmp_path / "built").path
    hub = request.getfixturevalue("hub")
    publish(Study.open(study), REPOSITORY, push=True)
    assert hub.tags(REPOSITORY)
    return REPOSITORY


def load(place, name=None, **options):
    return hmix_hub.load_dataset(place, name, split="train", **options)


def test_every_place_gives_the_same(place, study):
    found = load(place)
    assert found.to_list() == load(study).to_list()
    assert found.features == load(study).features
    assert found.features["image_1_label"].names == list(hmix_hub.features()["image_1_label"].names)


def test_filters_are_those_of_h_mix(place):
    kept = load(place, participants=["p01", "p02"], mixing_coefficient=(0.4, 0.8), repeats=False)
    assert set(kept["participant_id"]) == {"p01", "p02"}
    assert set(kept["mixing_coefficient"]) == {0.5, 0.75}
    assert not any(kept["is_repeat"])
    with pytest.raises(FilterError, match=r"'p99'"):
        load(place, participants="p99")
    with pytest.raises(FilterError, match="mixing_coeff"):
        load(place, mixing_coeff=0.5)


def test_splits_and_slices(place):
    assert len(hmix_hub.load_dataset(place, split="train[:10]")) == 10
    assert list(hmix_hub.load_dataset(place)) == ["train"]
    with pytest.raises(ConfigurationError, match="test"):
        hmix_hub.load_dataset(place, split="test")


def test_by_stimulus(place):
    assert load(place, f"{INFER}_by_stimulus").to_list() == hmix_hub.by_stimulus(load(place)).to_list()


def test_a_configuration_that_the_study_lacks_is_named_with_those_it_has(place):
    with pytest.raises(ConfigurationError, match=r"no configuration 'construct_midpoint'(.|\n)*infer_mixing_factor"):
        load(place, CONSTRUCT)


def test_older_versions_of_the_schema(place):
    released = load(place, schema_version="1.0.0")
    assert released[0]["subject"] == "p01"
    assert released[0]["responses"].startswith('{"mixingcoeff":')
    with pytest.raises(ConfigurationError, match="filters speak of"):
        load(place, schema_version="1.0.0", participants="p01")


def test_a_stream(place):
    stream = load(place, streaming=True, participants="p03")
    assert [row["participant_id"] for row in stream] == ["p03"] * 12
    with pytest.raises(ConfigurationError, match="no pictures"):
        load(place, streaming=True, images="mixed")


def test_pictures_and_batches(place, cifar10):
    some = load(place, images="mixed", cifar10=cifar10, participants="p01")
    assert some[0]["image"].size == (32, 32)
    judgments = load(place)
    loader = hmix_hub.batches(judgments, batch_size=16, targets="human", cifar10=cifar10)
    assert next(iter(loader))["image"].shape == (16, 3, 32, 32)
    assert hmix_hub.render(judgments.select(range(3)), cifar10=cifar10).shape == (3, 3, 32, 32)


def test_joined_with_h_mix_studies_are_told_apart(place):
    joined = hmix_hub.load_dataset(["h-mix", place], split="train", source="sample")
    assert set(joined["study_id"]) == {"sample", "example-study"}
    only = hmix_hub.load_dataset(["h-mix", place], split="train", source="sample", studies="example-study")
    assert len(only) == 144


def test_a_source_belongs_to_h_mix_alone(place):
    with pytest.raises(ConfigurationError, match="source="):
        load(place, source="sample")


def test_a_folder_with_errors_says_what_tells_them(study, edit):
    edit(study / "judgments/infer_mixing_factor.csv", "deer", "dear")
    with pytest.raises(StudyError, match=r"HMX560(.|\n)*hmix contribute validate"):
        load(study)


def test_a_draft_can_be_loaded(study, edit):
    edit(study / "study.yaml", "Nobody was recruited", "TODO")
    assert len(load(study)) == 144


def test_other_class_names_are_united(make_study):
    def rename(files):
        text = files["study.yaml"].decode().replace("classes: cifar10", f"classes: [{', '.join(CLASSES)}]")
        files["study.yaml"] = text.replace("id: example-study", "id: another-study").encode()

    joined = hmix_hub.load_dataset([make_study(), make_study(change=rename, name="other")], split="train")
    names = joined.features["image_1_label"].names
    assert names == [*hmix_hub.features()["image_1_label"].names, "fox"]
    first, second = joined.select(range(144)), joined.select(range(144, 288))
    assert first["image_1_label"][:] == second["image_1_label"][:]


CLASSES = ["fox", "truck", "ship", "horse", "frog", "dog", "deer", "cat", "bird", "automobile", "airplane"]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("./nowhere", SourceMissingError),
        ("/nowhere/at/all", SourceMissingError),
        ("h-mixx", ConfigurationError),
        ("", ConfigurationError),
        (7, ConfigurationError),
    ],
)
def test_what_is_no_place_is_refused(name, error):
    with pytest.raises(error):
        load(name)


def test_a_folder_without_a_study_is_refused(tmp_path):
    with pytest.raises(SourceMissingError, match=r"no study\.yaml"):
        load(tmp_path)


def test_what_is_known_of_the_people_is_a_configuration(place):
    people = load(place, "participants", participants=["p01", "p02"])
    assert people.column_names == ["participant_id", "age_group", "normal_vision"]
    assert people["participant_id"][:] == ["p01", "p02"]


def test_a_study_that_says_nothing_of_its_people_is_told(study):
    (study / "participants.csv").unlink()
    with pytest.raises(ConfigurationError, match=r"no participants\.csv"):
        load(study, "participants")


def test_the_only_task_in_common_need_not_be_named(make_study):
    joined = hmix_hub.load_dataset(["h-mix", make_study(CATEGORICAL)], split="train", source="sample")
    assert set(joined["task"]) == {CATEGORICAL}
    with pytest.raises(ConfigurationError, match="no task in common"):
        hmix_hub.load_dataset([make_study(CATEGORICAL, name="a"), make_study(CONSTRUCT, name="b")])


def test_pictures_of_several_sizes_stand_in_one_column(study, tmp_path, make_study, cifar10):
    own = make_study(change=with_own_pictures, name="own")
    text = (own / "study.yaml").read_text().replace("id: example-study", "id: own-study")
    (own / "study.yaml").write_text(text)
    joined = hmix_hub.load_dataset([study, own], split="train", images="mixed", cifar10=cifar10)
    assert (joined[0]["image"].size, joined[200]["image"].size) == ((32, 32), (6, 4))
    with pytest.raises(SchemaError, match="different sizes"):
        hmix_hub.batches(joined.remove_columns("image"), batch_size=8, cifar10=cifar10)


class TestOnTheHub:
    def test_a_version_is_a_revision(self, hub, login, study, edit):
        publish(Study.open(study), REPOSITORY, push=True)
        edit(study / "study.yaml", "version: 1.0.0\n", "version: 1.1.0\n")
        edit(study / "judgments/infer_mixing_factor.csv", "4435.6", "9435.6")
        publish(Study.open(study), REPOSITORY, push=True)
        assert load(REPOSITORY, revision="1.0.0")[0]["response_time_ms"] == 4435.6
        assert load(REPOSITORY, revision="1.1.0")[0]["response_time_ms"] == 9435.6
        assert load(REPOSITORY)[0]["response_time_ms"] == 9435.6
        with pytest.raises(ConfigurationError, match=r"no revision '2\.0\.0'"):
            load(REPOSITORY, revision="2.0.0")

    def test_an_unknown_or_private_repository_is_named(self, hub, login, study):
        publish(Study.open(study), REPOSITORY, push=True, private=True)
        login(None)
        for name in (REPOSITORY, "lab/nothing"):
            with pytest.raises(ConfigurationError, match="no such dataset, or it is private"):
                load(name)
        login("tester")
        assert len(load(REPOSITORY)) == 144

    def test_a_dataset_that_is_no_study_is_named(self, hub, login):
        hub.create("lab/other", {"data.csv": b"a\n1\n"})
        with pytest.raises(SourceMissingError, match=r"no study\.yaml"):
            load("lab/other")

    def test_a_newer_schema_is_refused_with_what_to_do(self, hub, login, study):
        publish(Study.open(study), REPOSITORY, push=True)
        text = hub.files(REPOSITORY)["study.yaml"].replace(
            f"schema_version: {CURRENT}".encode(), b"schema_version: 3.1.0"
        )
        hub.commit(REPOSITORY, {"study.yaml": text})
        with pytest.raises(SchemaVersionError, match="upgrade"):
            load(REPOSITORY)

    def test_fields_of_a_newer_manifest_are_passed_over(self, hub, login, study):
        publish(Study.open(study), REPOSITORY, push=True)
        text = hub.files(REPOSITORY)["study.yaml"] + b"funding: a foundation\n"
        hub.commit(REPOSITORY, {"study.yaml": text})
        assert len(load(REPOSITORY)) == 144

    def test_an_edit_of_the_card_changes_nothing(self, hub, login, study):
        publish(Study.open(study), REPOSITORY, push=True)
        before = load(REPOSITORY).to_list()
        hub.commit(REPOSITORY, {"README.md": b"# My study\n"})
        assert load(REPOSITORY).to_list() == before

    def test_a_hub_that_is_down_is_told(self, hub, login, waits):
        hub.fail(status=503, times=None)
        with pytest.raises(SourceMissingError, match="could not be loaded from the Hub"):
            load(REPOSITORY)

    def test_all_studies_are_listed(self, hub, login, study, edit):
        publish(Study.open(study), REPOSITORY, push=True)
        hub.create("lab/other", {"README.md": b"---\ntags: [mixup]\n---\n"})
        edit(study / "study.yaml", "id: example-study", "id: a-second-study")
        publish(Study.open(study), "lab/a-second-study", push=True)
        found = hmix_hub.list_studies()
        assert [one.repository for one in found] == ["lab/a-second-study", REPOSITORY]
        assert found[1].title == "Mixed pictures, an example study"
        assert (found[1].tasks, found[1].licence) == ([INFER], "cc0-1.0")
        assert [one.repository for one in hmix_hub.list_studies(search="second")] == ["lab/a-second-study"]

    def test_a_token_is_never_shown(self, hub, login, study, waits):
        publish(Study.open(study), REPOSITORY, push=True, private=True)
        assert len(load(REPOSITORY, token="hf_tester\n")) == 144
        with pytest.raises((ConfigurationError, SourceMissingError)) as refused:
            load(REPOSITORY, token="hf_se\ncret")
        assert "hf_se" not in str(refused.value)
        with pytest.raises(SourceMissingError) as unlisted:
            hmix_hub.list_studies(token="hf_se\ncret")
        assert "hf_se" not in str(unlisted.value)

    def test_a_list_that_cannot_be_had_is_told(self, hub, login, waits):
        hub.fail(path=r"/api/datasets", status=500, times=None)
        with pytest.raises(SourceMissingError, match="could not be listed"):
            hmix_hub.list_studies()
