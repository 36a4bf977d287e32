"""Storage of a fitted perceptual model as a JSON file: written atomically, read strictly, bit-identical.

The file is one JSON object: `format` and `version`, the `sha256` of the canonical form of `model`, and `model` itself,
with float64 numbers as written by Python, which read back without loss. It has no single judgments, but the ids and
effects of participants, if the model has them.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pydantic

from hmix_hub.errors import PerceptionError, SchemaError, Where, first_line
from hmix_hub.files import local_path, whole_file
from hmix_hub.perception.answers import PERCENT, AnswerScale
from hmix_hub.perception.curves import ConfidenceCurve, OutsideCurve
from hmix_hub.perception.differences import LARGEST
from hmix_hub.perception.people import N_EFFECTS, People
from hmix_hub.perception.picture_features import check_feature_names
from hmix_hub.perception.terms import Features, Terms

FORMAT, VERSION = "hmix-hub perceptual model", 1
MOST_BYTES = 1 << 28
"""Maximum size of a file: 256 MiB, enough for a model of a million participants."""

_Finite = Annotated[float, pydantic.Field(ge=-LARGEST, le=LARGEST)]
_Share = Annotated[float, pydantic.Field(ge=0, le=1)]
_Text = Annotated[str, pydantic.Field(min_length=1, max_length=1000)]
_Count = Annotated[int, pydantic.Field(ge=1, le=1 << 53)]
_Vector = list[_Finite]
_Matrix = list[_Vector]


class _Part(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", strict=True, frozen=True)


class _FeaturesPart(_Part):
    names: list[_Text] = pydantic.Field(min_length=1)
    scale: list[Annotated[float, pydantic.Field(ge=1 / LARGEST, le=LARGEST)]]
    class_means: _Matrix
    within: _Matrix
    from_pixels: bool


class _PeoplePart(_Part):
    names: list[_Text] = pydantic.Field(min_length=1)
    effects: _Matrix
    spread: list[_Matrix]
    covariance: _Matrix


class _CurvePart(_Part):
    coefficients: list[_Share] = pydantic.Field(min_length=1)
    values: list[_Share]


class _ModelPart(_Part):
    classes: list[_Text] = pydantic.Field(min_length=1)
    basis: _Matrix
    features: _FeaturesPart | None
    answers_percent: list[Annotated[int, pydantic.Field(ge=0, le=PERCENT)]] = pydantic.Field(min_length=2)
    answer_counts: list[_Count]
    thresholds: _Vector
    coefficients: _Vector = pydantic.Field(min_length=1)
    covariance: _Matrix
    people: _PeoplePart | None
    confidence: _CurvePart | None
    outside: _CurvePart | None
    shown_coefficients: list[_Share] = pydantic.Field(min_length=1)
    nll: Annotated[float, pydantic.Field(ge=0, allow_inf_nan=False)]
    n_judgments: _Count
    n_participants: _Count
    n_clusters: _Count


class _File(_Part):
    format: Literal["hmix-hub perceptual model"]
    version: Literal[1]
    sha256: str
    model: _ModelPart


def write_model(path: str | os.PathLike[str], parts: Mapping[str, Any]) -> None:
    """Write the parts of a model to a file, atomically.

    Parameters
    ----------
    path
        Path of the file; an existing file is replaced.
    parts
        Fields of `hmix_hub.PerceptualModel` by name.

    Raises
    ------
    PerceptionError
        If the path is invalid.
    OSError
        If the file cannot be written; an existing file is unchanged.
    """
    place = _path(path)
    terms, scale, features = parts["terms"], parts["scale"], parts["terms"].features
    people: People | None = parts["people"]
    curves = {name: parts[name] for name in ("confidence", "outside")}
    stored = {
        "classes": list(terms.classes),
        "basis": terms.basis.tolist(),
        "features": None
        if features is None
        else {
            "names": list(features.names),
            "scale": features.scale.tolist(),
            "class_means": features.class_means.tolist(),
            "within": features.within.tolist(),
            "from_pixels": features.from_pixels,
        },
        "answers_percent": scale.percent.tolist(),
        "answer_counts": scale.counts.tolist(),
        **{name: parts[name].tolist() for name in ("thresholds", "coefficients", "covariance")},
        "people": None
        if people is None
        else {
            "names": list(people.names),
            **{name: getattr(people, name).tolist() for name in ("effects", "spread", "covariance")},
        },
        **{name: None if curve is None else curve.to_json() for name, curve in curves.items()},
        "shown_coefficients": list(parts["shown_coefficients"]),
        **{name: parts[name] for name in ("nll", "n_judgments", "n_participants", "n_clusters")},
    }
    with whole_file(place, follows_links=True) as stream:
        stream.write(_file_of(stored))


def read_model(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the parts of a model written by `write_model`: the fields of `hmix_hub.PerceptualModel` by name.

    Raises
    ------
    PerceptionError
        If the file does not exist, is too large, is not a model, has another version of the format, or was changed
        since it was written.
    """
    place = _path(path)
    where = Where(str(place))
    content = _read(place, where)
    found = _parsed(content, where)
    named = found.get("format"), found.get("version")
    if named[0] != FORMAT:
        msg = f"the file is not a perceptual model: its format is {named[0]!r}, not {FORMAT!r}"
        raise PerceptionError(msg, where=where, hint="model.save(path) writes one")
    if named[1] != VERSION or isinstance(named[1], bool):
        msg = f"the file has version {named[1]!r} of the format, but this package reads version {VERSION}"
        raise PerceptionError(msg, where=where, hint="install the version of hmix-hub that wrote it, or fit again")
    try:
        checked = _File.model_validate(found)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        msg = f"{field}: {'not a JSON object' if first['type'] == 'model_type' else first['msg'].lower()}"
        raise PerceptionError(msg, where=where, hint="the file was changed: fit and save again") from None
    if _file_of(found["model"]) != content:
        msg = "the file was changed since it was written: its sha256 does not match"
        raise PerceptionError(msg, where=where, hint="use an intact copy, or fit and save again")
    try:
        return _parts(checked.model)
    except (ValueError, SchemaError) as error:
        msg = f"the parts of the model do not fit together: {first_line(error)}"
        raise PerceptionError(msg, where=where, hint="fit and save again") from None


def _path(path: object) -> Path:
    place = local_path(path)
    if place is None:
        msg = f"{path!r} is not the path of a file"
        raise PerceptionError(msg, hint='pass a path such as "model.json"')
    return place


def _file_of(stored: Mapping[str, Any]) -> bytes:
    """Return the bytes of a file in canonical form, so that any difference is a change."""
    canonical = json.dumps(stored, allow_nan=False, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    head = json.dumps({"format": FORMAT, "version": VERSION, "sha256": digest})
    return f'{head[:-1]}, "model":\n{canonical}}}\n'.encode()


def _read(place: Path, where: Where) -> bytes:
    try:
        with place.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        msg = "the file does not exist"
        raise PerceptionError(msg, where=where, hint="model.save(path) writes one") from None
    except OSError as error:
        msg = f"the file cannot be read: {error.strerror or error}"
        raise PerceptionError(msg, where=where) from None
    if len(content) > MOST_BYTES:
        msg = f"the file is larger than {MOST_BYTES >> 20} MiB, so it is not a model"
        raise PerceptionError(msg, where=where)
    return content


def _parsed(content: bytes, where: Where) -> dict[str, Any]:
    """Return the JSON object in a file; NaN, infinities and duplicate keys are errors."""
    try:
        found = json.loads(content.decode(), parse_constant=_refuse_constant, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        said = "it is nested too deeply" if isinstance(error, RecursionError) else first_line(error)
        msg = f"the file is not the JSON of a model: {said}"
        raise PerceptionError(msg, where=where, hint="model.save(path) writes one") from None
    if not isinstance(found, dict):
        msg = f"the file is not a perceptual model: it contains a {type(found).__name__}"
        raise PerceptionError(msg, where=where, hint="model.save(path) writes one")
    return found


def _refuse_constant(name: str) -> float:
    msg = f"{name} is not a number"
    raise ValueError(msg)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        msg = "a key is repeated"
        raise ValueError(msg)
    return found


def _parts(stored: _ModelPart) -> dict[str, Any]:
    """Return the fields of a model; raise `ValueError` if their sizes do not match."""
    n_classes = len(_distinct(stored.classes, "classes"))
    features = None if stored.features is None else _features(stored.features, n_classes)
    rank = len(stored.basis[0]) if stored.basis else 0
    terms = Terms(tuple(stored.classes), _array(stored.basis, (n_classes, rank), "basis"), features)
    n_terms, n_answers = len(terms.names), len(stored.answers_percent)
    percent = _rising(np.array(stored.answers_percent, dtype=np.int64), "answers_percent")
    counts = _array(stored.answer_counts, (n_answers,), "answer_counts").astype(np.int64)
    if counts.sum() != stored.n_judgments:
        msg = "answer_counts do not sum to n_judgments"
        raise ValueError(msg)
    if stored.people is not None and len(stored.people.names) != stored.n_participants:
        msg = "the number of people is not n_participants"
        raise ValueError(msg)
    return {
        "terms": terms,
        "scale": AnswerScale(percent, counts),
        "thresholds": _rising(_array(stored.thresholds, (n_answers - 1,), "thresholds"), "thresholds"),
        "coefficients": _array(stored.coefficients, (n_terms,), "coefficients"),
        "covariance": _covariance(stored.covariance, n_terms, "covariance"),
        "people": None if stored.people is None else _people(stored.people),
        "confidence": None if stored.confidence is None else ConfidenceCurve.from_json(stored.confidence.model_dump()),
        "outside": None if stored.outside is None else OutsideCurve.from_json(stored.outside.model_dump()),
        "shown_coefficients": tuple(_rising(np.array(stored.shown_coefficients), "shown_coefficients").tolist()),
        "nll": stored.nll,
        "n_judgments": stored.n_judgments,
        "n_participants": stored.n_participants,
        "n_clusters": stored.n_clusters,
    }


def _features(stored: _FeaturesPart, n_classes: int) -> Features:
    names = tuple(_distinct(stored.names, "names of features"))
    if stored.from_pixels:
        check_feature_names(names)
    return Features(
        names,
        _array(stored.scale, (len(names),), "scale"),
        _array(stored.class_means, (n_classes, len(names)), "class_means"),
        _covariance(stored.within, len(names), "within"),
        stored.from_pixels,
    )


def _people(stored: _PeoplePart) -> People:
    names = tuple(_distinct(stored.names, "names of people"))
    spread = _array(stored.spread, (len(names), N_EFFECTS, N_EFFECTS), "spread")
    for covariance in spread:
        _check_covariance(covariance, "spread")
    return People(
        names,
        _array(stored.effects, (len(names), N_EFFECTS), "effects"),
        spread,
        _covariance(stored.covariance, N_EFFECTS, "covariance of people"),
    )


def _array(values: Any, shape: tuple[int, ...], name: str) -> Any:
    try:
        found = np.array(values, dtype=np.float64)
    except ValueError:
        found = np.empty(0)
    if found.size == 0 and 0 in shape and len(values) == shape[0]:
        return np.empty(shape)
    if found.shape != shape:
        msg = f"{name} does not have shape {shape}"
        raise ValueError(msg)
    return found


def _covariance(values: Any, size: int, name: str) -> Any:
    found = _array(values, (size, size), name)
    _check_covariance(found, name)
    return found


def _check_covariance(found: Any, name: str) -> None:
    scale = np.abs(found).max(initial=0)
    if np.abs(found - found.T).max(initial=0) > 1e-9 * scale or np.linalg.eigvalsh(found).min() < -1e-9 * scale:
        msg = f"{name} is not a covariance matrix"
        raise ValueError(msg)


def _rising(values: Any, name: str) -> Any:
    if not (np.diff(values) > 0).all():
        msg = f"{name} are not increasing"
        raise ValueError(msg)
    return values


def _distinct(names: list[str], what: str) -> list[str]:
    if len(set(names)) < len(names):
        msg = f"{what} are repeated"
        raise ValueError(msg)
    return names
