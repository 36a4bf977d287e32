"""Storage of models: there and back to the last bit, and every kind of change refused."""

import json
import math
import os
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hmix_hub import PerceptualModel
from hmix_hub.errors import PerceptionError
from hmix_hub.perception import storage
from hmix_hub.perception.answers import AnswerScale
from hmix_hub.perception.curves import ConfidenceCurve, OutsideCurve
from hmix_hub.perception.people import People
from hmix_hub.perception.storage import VERSION, _file_of
from hmix_hub.perception.terms import Features, Terms

finite = st.floats(-1e6, 1e6, allow_nan=False).filter(lambda value: value == 0 or abs(value) > 1e-300)


def arrays_of(shape, elements=finite):
    size = math.prod(shape)
    return st.lists(elements, min_size=size, max_size=size).map(lambda values: np.array(values).reshape(shape))


def covariances(size):
    return arrays_of((size, size), st.floats(-3, 3)).map(lambda root: root @ root.T)


@st.composite
def models(draw):
    """Any model whose parts fit together, whatever their numbers."""
    n_classes, rank, n_answers = draw(st.integers(2, 4)), draw(st.integers(0, 2)), draw(st.integers(2, 6))
    names = st.text(min_size=1, max_size=8)
    classes = tuple(draw(st.lists(names, min_size=n_classes, max_size=n_classes, unique=True)))
    features = None
    if draw(st.booleans()):
        features = Features(
            ("logit",),
            np.array([draw(st.floats(1e-3, 1e3))]),
            draw(arrays_of((n_classes, 1), st.floats(-5, 5))),
            draw(covariances(1)),
            False,
        )
    terms = Terms(classes, draw(arrays_of((n_classes, rank), st.floats(-1, 1))), features)
    percent = np.array(sorted(draw(st.sets(st.integers(0, 100), min_size=n_answers, max_size=n_answers))))
    counts = np.array(draw(st.lists(st.integers(1, 50), min_size=n_answers, max_size=n_answers)))
    people, n_people = None, 3
    if draw(st.booleans()):
        people = People(
            tuple(draw(st.lists(names, min_size=n_people, max_size=n_people, unique=True))),
            draw(arrays_of((n_people, 2), st.floats(-3, 3))),
            np.stack([draw(covariances(2)) for _ in range(n_people)]),
            draw(covariances(2)),
        )
    gaps = draw(arrays_of((n_answers - 1,), st.floats(1e-3, 2)))
    return PerceptualModel(
        terms=terms,
        scale=AnswerScale(percent, counts),
        thresholds=gaps.cumsum() - 1,
        coefficients=draw(arrays_of((len(terms.names),), st.floats(-3, 3))),
        covariance=draw(covariances(len(terms.names))),
        people=people,
        confidence=draw(st.sampled_from([None, ConfidenceCurve((0.5, 0.75, 0.9), (0.6, 0.1 + 0.2, 1.0))])),
        outside=draw(st.sampled_from([None, OutsideCurve((0.5,), (1 / 3,))])),
        shown_coefficients=(0.1, 0.1 + 0.2, 0.9),
        nll=draw(st.floats(0, 1e9)),
        n_judgments=int(counts.sum()),
        n_participants=n_people,
        n_clusters=draw(st.integers(1, 3)),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@settings(max_examples=30)
@given(models())
def test_a_model_comes_back_to_the_last_bit(folder, model):
    path = folder / "model.json"
    model.save(path)
    again = PerceptualModel.load(path)
    codes = np.arange(len(model.classes))
    for one, other in ((model, again), (again, model)):
        asked = (np.array([0.1, 0.37, 0.9])[:, None, None], codes[:, None], codes)
        assert np.array_equal(one.predict(*asked).mass, other.predict(*asked).mass)
    assert again.class_effects == model.class_effects
    assert again.person_effects == model.person_effects
    assert (again.confidence, again.outside) == (model.confidence, model.outside)
    assert (again.nll, again.n_judgments, again.n_participants) == (model.nll, model.n_judgments, model.n_participants)
    assert again.shown_coefficients == model.shown_coefficients
    assert again.n_clusters == model.n_clusters
    first = path.read_bytes()
    again.save(path)
    assert path.read_bytes() == first


@pytest.fixture(scope="module")
def saved(load_sample, folder):
    """A fitted model with all of its parts, and the bytes of its file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = PerceptualModel.fit(load_sample(), pictures=True, categorical=load_sample("categorical_soft_labels"))
    path = folder / "fitted.json"
    model.save(path)
    return model, path.read_bytes()


def test_a_fitted_model_predicts_the_same_with_everything_it_knows(saved, folder, load_sample):
    model, content = saved
    path = folder / "again.json"
    path.write_bytes(content)
    again = PerceptualModel.load(path)
    person = next(iter(model.person_effects))
    images = np.random.default_rng(0).integers(0, 256, (2, 3, 32, 32), dtype=np.uint8)
    one, other = (m.predict(0.4, "cat", "dog", *images, person=person) for m in (model, again))
    assert np.array_equal(one.mass, other.mass)
    assert again.score(load_sample()) == model.score(load_sample())
    assert np.array_equal(again.shares([0.2, 0.5]), model.shares([0.2, 0.5]))


def load_bytes(folder, content):
    path = folder / "changed.json"
    path.write_bytes(content)
    return PerceptualModel.load(path)


@settings(max_examples=60)
@given(st.data())
def test_any_changed_byte_is_refused(saved, folder, data):
    _, content = saved
    place = data.draw(st.integers(0, len(content) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != content[place]))
    with pytest.raises(PerceptionError):
        load_bytes(folder, content[:place] + bytes([byte]) + content[place + 1 :])


@settings(max_examples=20)
@given(st.data())
def test_a_file_that_is_cut_or_continued_is_refused(saved, folder, data):
    _, content = saved
    end = data.draw(st.integers(0, len(content) - 1))
    for changed in (content[:end], content + content[end:]):
        with pytest.raises(PerceptionError):
            load_bytes(folder, changed)


def changed(content, **fields):
    """The file of a model with other fields, and the sha256 that they have."""
    model = json.loads(content)["model"]
    for name, value in fields.items():
        *above, last = name.split("__")
        place = model
        for part in above:
            place = place[part]
        place[last] = value
    return _file_of(model)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"thresholds": [0.0, 1.0]}, "thresholds does not have shape"),
        ({"thresholds": "0"}, "thresholds: input should be a valid list"),
        ({"coefficients": [1.0]}, "coefficients does not have shape"),
        ({"coefficients": []}, "coefficients: list should have at least 1 item"),
        ({"coefficients": ["1.5"]}, r"coefficients.0: input should be a valid number"),
        ({"covariance": [[1.0]]}, "covariance does not have shape"),
        ({"basis": []}, "basis does not have shape"),
        ({"basis": [[1.0], [1.0, 2.0]]}, "basis does not have shape"),
        ({"classes": ["cat"] * 10}, "classes are repeated"),
        ({"classes": []}, "classes: list should have"),
        ({"classes": None}, "classes: input should be a valid list"),
        ({"nll": -1.0}, "nll: input should be greater than or equal to 0"),
        ({"nll": True}, "nll: input should be a valid number"),
        ({"n_judgments": 10}, "answer_counts do not sum to n_judgments"),
        ({"n_judgments": 10.5}, "n_judgments: input should be a valid integer"),
        ({"n_participants": 10**6}, "the number of people is not n_participants"),
        ({"n_participants": 2**70}, "n_participants: input should be less"),
        ({"shown_coefficients": [0.9, 0.1]}, "shown_coefficients are not increasing"),
        ({"shown_coefficients": [1.5]}, "shown_coefficients.0"),
        ({"people__covariance": [[1.0, 2.0], [2.0, 1.0]]}, "covariance of people is not a covariance matrix"),
        ({"people__covariance": [[1.0, 0.5], [0.0, 1.0]]}, "covariance of people is not a covariance matrix"),
        ({"people__effects": [[0.0, 0.0]]}, "effects does not have shape"),
        ({"features__scale": [0.0, 1.0]}, "features.scale.0: input should be greater than"),
        ({"coefficients": [1e308] * 12}, "coefficients.0: input should be less than or equal to 1"),
        ({"basis": [[-1e308] * 9] * 10}, "basis.0.0: input should be greater than or equal to -1"),
        ({"features__names": ["edge", "colour"]}, "there is no picture feature 'edge'"),
        ({"confidence__values": [0.5]}, "ConfidenceCurve"),
        ({"model": {}}, "model: extra inputs are not permitted"),
    ],
)
def test_parts_that_are_none_or_do_not_fit_are_refused_by_name(fields, said, saved, folder):
    with pytest.raises(PerceptionError, match=said):
        load_bytes(folder, changed(saved[1], **fields))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not the JSON"),
        (b"\xff\xfe", "not the JSON"),
        (b"[]", "contains a list"),
        (b"{}", "its format is None"),
        (b'{"format": "hmix-hub perceptual model", "format": 1}', "a key is repeated"),
        (b'{"format": "hmix-hub perceptual model", "version": 2}', "version 2"),
        (b'{"format": "hmix-hub perceptual model", "version": true}', "version True"),
        (b'{"format": "hmix-hub perceptual model", "version": 1}', "sha256: field required"),
        (b'{"format": NaN}', "NaN is not a number"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"format": ' + b"9" * 5000 + b"}", "not the JSON"),
    ],
)
def test_what_is_no_file_of_a_model_is_refused(content, said, folder):
    with pytest.raises(PerceptionError, match=said):
        load_bytes(folder, content)


def test_numbers_that_are_none_are_refused(saved, folder):
    _, content = saved
    nll = b'"nll":' + json.dumps(json.loads(content)["model"]["nll"]).encode()
    assert nll in content
    for number, said in ((b"NaN", "NaN is not a number"), (b"1e999", "nll: input should be a finite number")):
        with pytest.raises(PerceptionError, match=said):
            load_bytes(folder, content.replace(nll, b'"nll":' + number))


def test_a_file_that_is_too_large_is_not_read_whole(saved, folder, monkeypatch):
    monkeypatch.setattr(storage, "MOST_BYTES", len(saved[1]))
    load_bytes(folder, saved[1])
    monkeypatch.setattr(storage, "MOST_BYTES", len(saved[1]) - 1)
    with pytest.raises(PerceptionError, match="larger than"):
        load_bytes(folder, saved[1])


def test_places_that_hold_no_file_are_refused(folder):
    with pytest.raises(PerceptionError, match="the file does not exist"):
        PerceptualModel.load(folder / "missing.json")
    with pytest.raises(PerceptionError, match="cannot be read"):
        PerceptualModel.load(folder)
    with pytest.raises(PerceptionError, match="not the path"):
        PerceptualModel.load(3)


def test_a_model_that_cannot_be_written_leaves_what_was_there(saved, folder, monkeypatch):
    model, content = saved
    path = folder / "kept.json"
    path.write_bytes(content)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        model.save(path)
    assert path.read_bytes() == content
    assert VERSION == 1
