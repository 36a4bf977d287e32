"""Scripted participants, who take part like the browser's page and see mixtures from the pixels on the page.

They know the study's design, because they must see how much of each picture is in a mixture; but they recognize the
mixture on a page only from the pixels that the server sent, so that wrong pictures are detected.
"""

from __future__ import annotations

import hashlib
import io
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import dropwhile, takewhile
from typing import Any

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import CollectionError
from hmix_hub.sources.image_set import ImageSet, size_text
from hmix_hub.stimuli.drawing import draw_mixture
from hmix_hub.stimuli.sizes import Size
from hmix_hub.suite.design.dealing import sorting_key
from hmix_hub.suite.design.design import FrozenStudy
from hmix_hub.suite.mixtures import mixtures_of_stimulus
from hmix_hub.suite.server.session_routes import PRETENDED
from hmix_hub.suite.simulation.answering import answer_page, scripted_id, surroundings_of
from hmix_hub.suite.simulation.connection import Connection
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.suite.tasks.perception import Mind, Scene
from hmix_hub.suite.tasks.trial import Stimulus

_MOST_SIZES = 3
Pixels = npt.NDArray[np.uint8]
Fetch = Callable[[str], bytes]
"""Returns the PNG of a picture by its name."""

COMMENT = "A synthetic comment of a scripted participant."
_BOTS_CLAIM_MS = 600_000
_FULL = ("full", "closed")
_WRONG_FIRST_SHARE = 0.1
"""Share of participants who fail the quiz at first, if attempts are unlimited."""
_COMMENTING_SHARE = 0.3
_OTHER_STUDY = "is the server's study the one of this folder?"


class Eyes:
    """Recognizes the pictures of a study."""

    def __init__(self, frozen: FrozenStudy, image_set: ImageSet) -> None:
        self._names = frozen.study.pictures.shown_names
        self._sizes: list[Size] = [(height, width) for height, width in np.unique(image_set.sizes, axis=0).tolist()]
        self._known: dict[str, dict[str, dict[Stimulus, float]]] = {
            task: _known_mixtures(frozen, task, image_set) for task in frozen.study.tasks
        }
        self._digests: dict[bytes, str] = {}

    def look(self, task: str, page: dict[str, Any], fetch: Fetch) -> Scene:
        """Recognize what is on the page of a trial.

        Parameters
        ----------
        page
            The page, from the session view.
        fetch
            Returns a picture.

        Raises
        ------
        CollectionError
            If the pictures are not those of one stimulus of the study.
        """
        left, right = page.get("left"), page.get("right")
        known = self._known.get(task, {})
        found = [known.get(self._digest(name, fetch), {}) for name in page["pictures"]]
        shared = set(found[0]).intersection(*found[1:])
        if left is not None:
            shared = {stimulus for stimulus in shared if set(self._labels(stimulus)) == {left, right}}
        if not shared:
            msg = f"the pictures on a page of {task} are not those of one stimulus of the study"
            raise CollectionError(msg, hint=_OTHER_STUDY)
        stimulus = min(shared, key=sorting_key)
        coefficients = tuple(mixtures[stimulus] for mixtures in found)
        return Scene(stimulus, coefficients, None if left is None else left == self._labels(stimulus)[0])

    def _labels(self, stimulus: Stimulus) -> list[str]:
        labels = (stimulus.image_1_label, stimulus.image_2_label)
        return [self._names[label] for label in labels if label is not None]

    def _digest(self, name: str, fetch: Fetch) -> str:
        """Return the digest of a picture, cached by content because the same picture has many names."""
        png = fetch(name)
        if png not in self._digests:
            self._digests[png] = _digest_of(shrunk(png, self._sizes))
        return self._digests[png]


def _known_mixtures(frozen: FrozenStudy, task: str, image_set: ImageSet) -> dict[str, dict[Stimulus, float]]:
    """Return the stimuli that a picture can be of, each with the picture's coefficient, by the picture's digest."""
    known: dict[str, dict[Stimulus, float]] = defaultdict(dict)
    stimuli = {stimulus for batch in frozen.batches if batch.task == task for stimulus in batch.stimuli}
    for stimulus in stimuli:
        mixtures = mixtures_of_stimulus(task, stimulus)
        drawn_with = np.array([mixture.coefficient for mixture in mixtures])
        first = image_set.take(np.array([mixture.image_1_index for mixture in mixtures]))
        if (second := stimulus.image_2_index) is not None:
            first = draw_mixture(first, image_set.take(np.full(len(mixtures), second)), drawn_with)
        drawn = first.transpose(0, 2, 3, 1)
        # The walk's coefficients are tenths except for their last bits.
        stated = np.round(drawn_with, 1) if SUITE_TASKS[task].shows_pair else drawn_with
        for picture, coefficient in zip(drawn, stated.tolist(), strict=True):
            known[_digest_of(picture)][stimulus] = coefficient
    return dict(known)


def _digest_of(picture: Pixels) -> str:
    return hashlib.sha256(np.ascontiguousarray(picture).data).hexdigest()


def shrunk(png: bytes, sizes: Sequence[Size]) -> Pixels:
    """Return a picture before it was enlarged without smoothing, uint8 (height, width, 3), in one of some sizes.

    Raises
    ------
    CollectionError
        If it is not a whole multiple of a picture of one of these sizes.
    """
    from PIL import Image

    with Image.open(io.BytesIO(png)) as opened:
        pixels = np.asarray(opened.convert("RGB"))
    for height, width in sizes:
        scale = max(pixels.shape[0] // height, 1)
        small = pixels[::scale, ::scale]
        if small.shape[:2] == (height, width) and np.array_equal(small.repeat(scale, 0).repeat(scale, 1), pixels):
            return small
    known = " or ".join(map(size_text, sizes[:_MOST_SIZES]))
    msg = f"a picture of {pixels.shape[1]} x {pixels.shape[0]} is none of {known} enlarged without smoothing"
    raise CollectionError(msg, hint="pictures are enlarged by a whole number, each pixel to a square")


@dataclass(frozen=True)
class Part:
    """The outcome of one participant.

    Parameters
    ----------
    tasks
        The tasks that the participant began, in order.
    answers
        Number of answered trials.
    code
        The completion code; `None`: the participant left before the end.
    is_bot
        Whether it was a bot.
    """

    tasks: tuple[str, ...]
    answers: int
    code: str | None
    is_bot: bool = False


@dataclass
class ScriptedParticipant:
    """A participant of a simulation.

    Parameters
    ----------
    frozen
        The study, with the correct answers of its quiz.
    eyes, mind
        How the participant sees pictures, and how they answer.
    leaves_after
        Returns, for a number of trials, after how many the participant leaves for good; `None`: stays to the end.
    rng
        Random generator for other behaviour: failing the quiz at first, writing a comment.
    link
        Text of the participant's personal link; `None`: none.
    is_bot
        Whether it is a bot, which reports human response times, answers at once, and answers attention checks at
        random.
    """

    connection: Connection
    frozen: FrozenStudy
    eyes: Eyes
    mind: Mind
    leaves_after: Callable[[int], int | None]
    rng: np.random.Generator
    link: str | None = None
    is_bot: bool = False
    _claimed_ms: float = field(default=0.0, init=False)
    _view: dict[str, Any] = field(default_factory=dict, init=False)
    _seen: Counter[Stimulus] = field(default_factory=Counter, init=False)

    def join(self) -> bool:
        """Agree to the consent form, go through the pages before the trials, and return whether there was a place.

        Raises
        ------
        CollectionError
            If the server refuses for another reason.
        """
        _, study = self.connection.call("GET", "/api/study")
        if study["state"] != "open" and not (study["state"] == "full" and self.link):
            return False
        # A participant with a personal link needs no id.
        needs_id = study["recruiting"]["required"] and self.link is None
        recruiting_id = scripted_id(self.frozen.study.recruiting) if needs_id else None
        body = {"recruiting_id": recruiting_id, "task": None, "consent_sha256": study["consent"]["sha256"]}
        body |= {"link": self.link}
        status, answer = self.connection.call("POST", "/api/sessions", body, also=(409,))
        if status != 200:
            if answer.get("error") in _FULL:
                return False
            msg = f"the server refused a participant: {answer.get('error')}"
            raise CollectionError(msg, hint=answer.get("message"))
        self._view = answer
        return self._prepare()

    def _prepare(self) -> bool:
        """Go through the pages before the trials of a task; return whether there was a place after the quiz."""
        task, pages = self._view["task"], self._view["pages"]
        for page in takewhile(lambda page: page["kind"] != "trial", pages):
            self._read(task, page)
        return bool(self._view["state"] == "live")

    def take_part(self, told: Callable[[], None]) -> Part:
        """Go through all pages of a session or sitting; `told` is called after every acknowledged answer."""
        trials = sum(page["kind"] == "trial" for page in self._view["pages"]) * self._view["sitting"]["of"]
        last = self.leaves_after(trials)
        tasks: list[str] = []
        answered = 0
        while True:
            task = self._view["task"]
            tasks.append(task)
            if self._view["surroundings"]:
                measured = surroundings_of(self.frozen.study, self.rng)
                self.connection.call("PUT", "/api/session/surroundings", {"surroundings": measured})
            self._claimed_ms = 0.0
            for page in dropwhile(lambda page: page["kind"] != "trial", self._view["pages"]):
                if page["kind"] != "trial":
                    self._read(task, page)
                elif answered == last:
                    return Part(tuple(tasks), answered, None, self.is_bot)
                else:
                    self._answer(task, page)
                    answered += 1
                    told()
            _, ended = self.connection.call("POST", "/api/session/finish", {})
            if "code" in ended:
                return Part(tuple(tasks), answered, ended["code"], self.is_bot)
            _, self._view = self.connection.call("GET", "/api/session")
            self._prepare()

    def _read(self, task: str, page: dict[str, Any]) -> None:
        """Complete a page that is not a trial."""
        if page["kind"] == "instructions":
            for name in (name for example in page["examples"] for name in example["pictures"]):
                self.connection.picture(name)
        elif page["kind"] == "questions":
            self._answer_questions(page["number"])
        elif page["kind"] == "quiz":
            self._pass_quiz(task, page)
        elif page["kind"] == "practice":
            for name in page["pictures"]:
                self.connection.picture(name)
        elif page["kind"] == "comments" and self.rng.random() < _COMMENTING_SHARE:
            self.connection.call("PUT", "/api/session/comments", {"text": COMMENT})

    def _answer(self, task: str, page: dict[str, Any]) -> None:
        scene = self.eyes.look(task, page, self.connection.picture)
        rng = self.mind.chance(scene.stimulus, self._seen[scene.stimulus])
        self._seen[scene.stimulus] += 1
        payload = SUITE_TASKS[task].respond(page, scene, self.mind, rng)
        if self.is_bot:
            payload["response_time_ms"] += _BOTS_CLAIM_MS
        if self._view["watches_focus"]:
            payload["focus"] = [0, 0]
        path = f"/api/session/trials/{page['index']}"
        self._claimed_ms += payload["response_time_ms"]
        # Send the pretended time; bots do not, so that they are detected.
        headers = None if self.is_bot else {PRETENDED: str(math.ceil(self._claimed_ms))}
        status, answer = self.connection.call("PUT", path, payload, also=(202, 409), headers=headers)
        if status != 200:
            msg = f"the server set an answer to {task} aside ({answer.get('outcome')}): {answer.get('fault')}"
            raise CollectionError(msg, hint="server and simulation have different versions")

    def _answer_questions(self, number: int) -> None:
        answers = answer_page(self.frozen.questionnaire[number], self.rng, is_attentive=not self.is_bot)
        status, answer = self.connection.call(
            "PUT", f"/api/session/questions/{number}", {"answers": answers}, also=(400,)
        )
        if status != 200:
            msg = f"the server does not accept answers to its own questions: {answer.get('message')}"
            raise CollectionError(msg, hint=_OTHER_STUDY)

    def _pass_quiz(self, task: str, page: dict[str, Any]) -> None:
        right = self._right_answers(task, page)
        attempt = self._view["quiz"]["attempts_made"] + 1
        if page["attempts"] is None and self.rng.random() < _WRONG_FIRST_SHARE:
            wrong = [answer % len(asked["choices"]) + 1 for answer, asked in zip(right, page["questions"], strict=True)]
            self.connection.call("PUT", f"/api/session/quiz/{attempt}", {"answers": wrong})
            attempt += 1
        _, result = self.connection.call("PUT", f"/api/session/quiz/{attempt}", {"answers": right})
        if not result["passed"]:
            msg = f"the quiz of {task} does not accept its own correct answers: questions {result['wrong']}"
            raise CollectionError(msg, hint=_OTHER_STUDY)
        self._view = result.get("view", self._view)

    def _right_answers(self, task: str, page: dict[str, Any]) -> list[int]:
        """Return the numbers of the correct choices, found by their text, in the order of the page."""
        design = self.frozen.study.tasks.get(task)
        asked_of_all = design.quiz.questions if design and design.quiz else []
        known = {asked.question: asked.choices[asked.answer - 1] for asked in asked_of_all}
        try:
            return [asked["choices"].index(known[asked["question"]]) + 1 for asked in page["questions"]]
        except (KeyError, ValueError):
            msg = f"the server's quiz of {task} is not the study's"
            raise CollectionError(msg, hint=_OTHER_STUDY) from None
