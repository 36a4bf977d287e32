"""The view of a session: what pages call the classes."""

import pytest
from pydantic import ValidationError
from suite_maker.studies import frozen_study, study_content

from hmix_hub.schema import CIFAR10
from hmix_hub.suite.design.plan import draw_plan
from hmix_hub.suite.session import session_view
from hmix_hub.suite.store.keys import StudyKey
from hmix_hub.suite.study.model import StudyFile
from hmix_hub.tasks import CATEGORICAL, INFER

GERMAN = {"cat": "Katze", "dog": "Hund"}


class Begun:
    id = sitting = "0" * 32
    state, batch, seed, part = "live", 0, 1, 0
    quiz_passed = has_comments = has_surroundings = False
    replied = frozenset()
    quiz_attempts = 0


def trials(task, **pictures):
    frozen = frozen_study(task, pictures={"source": "sample/pictures", **pictures})
    session = Begun()
    session.task = task
    session.plan = draw_plan(frozen, frozen.batches[0], 0, 1)
    view = session_view(session, (), frozen, StudyKey(bytes(32)))
    return view["classes"], [page for page in view["pages"] if page["kind"] == "trial"]


@pytest.mark.parametrize("task", [INFER, CATEGORICAL])
def test_classes_are_called_as_the_study_says(task):
    names, plain = trials(task)
    shown, german = trials(task, class_names=GERMAN)
    assert names == list(CIFAR10.names)
    assert shown == [GERMAN.get(name, name) for name in names]
    if task == INFER:
        sides = [[page[side] for side in ("left", "right")] for page in german]
        assert sides == [[GERMAN.get(page[side], page[side]) for side in ("left", "right")] for page in plain]


@pytest.mark.parametrize(
    ("class_names", "said"),
    [
        ({"Cat": "Katze"}, "did you mean 'cat'"),
        ({"cat": "dog"}, "two classes the same name"),
        ({"cat": " Dog "}, "the same name"),
    ],
)
def test_names_of_no_class_and_one_name_of_two_are_refused(class_names, said):
    content = study_content(INFER, pictures={"source": "sample/pictures", "class_names": class_names})
    with pytest.raises(ValidationError, match=said):
        StudyFile.model_validate(content)
