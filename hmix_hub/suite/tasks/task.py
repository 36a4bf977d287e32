"""What the suite knows of a task: the plan of its trials, its page, its answers, and how scripted participants answer.

Each task has a module of this package, named as the task, that holds a `SuiteTask`, and a page in the client,
`client/tasks/<task>.js`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hmix_hub.studies.manifest_fields import RatingScale
from hmix_hub.suite.tasks.perception import Mind, Scene
from hmix_hub.suite.tasks.trial import Trial
from hmix_hub.tasks import TASKS

Floats = npt.NDArray[np.float64]


class Options(Protocol):
    """What a study file may say of a task that its page and the check of its answers go by."""

    @property
    def must_touch(self) -> bool:
        """Whether the picture must be moved, and sliders be moved or pressed, before going on."""
        ...

    @property
    def confidence(self) -> bool:
        """Whether participants also report their confidence."""
        ...

    @property
    def scales(self) -> Sequence[RatingScale]:
        """The scales that participants rate on."""
        ...


class SuiteTask(ABC):
    """A task as the suite asks it.

    Attributes
    ----------
    name
        Its name in the registry, `hmix_hub.tasks.TASKS`.
    seconds_per_trial
        Median response time, s, of all judgments of the release, from page drawn to submitted; of a later task, an
        estimate of it, for one scale where it has several.
    options
        Keys of the study file that this task takes, of those that not every task does: `sides`, `start`,
        `class_order`, `must_touch`, `confidence`, `scales`. Plans draw what the first three ask for.
    needs
        Those of them that a study file must give.
    takes_single
        Whether a stimulus may be a single picture, shown as it is.
    has_grid
        Whether a page shows all mixtures of a pair in an order of its own.
    words
        Words of its page beside those of the interface, English, by name; what stands in braces is filled in.
    bias_columns
        Columns of the judgment table that `answered_share` needs beside the task's answered coefficient.
    """

    name: ClassVar[str]
    seconds_per_trial: ClassVar[float]
    options: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ()
    takes_single: ClassVar[bool] = False
    has_grid: ClassVar[bool] = False
    words: ClassVar[Mapping[str, str]] = {}
    bias_columns: ClassVar[tuple[str, ...]] = ()

    @property
    def shows_pair(self) -> bool:
        """Whether a stimulus is a pair, all eleven mixtures of which are shown; else it is one mixture."""
        return TASKS[self.name].shows == "pair"

    def order(self, trial: Trial) -> Sequence[int]:
        """Return the places of a stimulus's mixtures in the order of the page."""
        return (0,)

    def page(self, trial: Trial, design: Options) -> dict[str, Any]:
        """Return what the browser is told of a trial, beside its pictures, sides and class order; JSON."""
        return {}

    @abstractmethod
    def check(self, answer: object, trial: Trial, design: Options, elapsed: float) -> int | None:
        """Check the part `answer` of what a browser sent.

        Parameters
        ----------
        answer
            Any JSON value.
        trial, design
            The trial, and what the study file says of the task.
        elapsed
            Response time, ms.

        Returns
        -------
        int or None
            Place on the page of the picture that it is about; `None`: it is about all.

        Raises
        ------
        FaultError
            If it cannot be an answer to the trial; see `hmix_hub.suite.tasks.trial`.
        """

    def judgments(self, answer: Mapping[str, Any], design: Options) -> Sequence[Mapping[str, Any]]:
        """Return the parts of an answer that `check` took which become a row each: the answer itself."""
        return (answer,)

    @abstractmethod
    def columns(self, answer: Mapping[str, Any], trial: Trial) -> dict[str, Any]:
        """Return the observed columns of one of `judgments`: coefficients of image 1, labels as codes."""

    def released(self, observed: pa.Table) -> pa.Table:
        """Return observed columns, N rows, as the released interface would have stored them."""
        return observed

    @abstractmethod
    def respond(self, page: dict[str, Any], scene: Scene, mind: Mind, rng: np.random.Generator) -> dict[str, Any]:
        """Answer a trial as a scripted participant; see `hmix_hub.suite.tasks.perception` for what helps.

        Parameters
        ----------
        page
            The page, from the session view.
        scene
            What the participant sees on it.
        mind
            Whose mind it is.
        rng
            Decides.

        Returns
        -------
        dict
            What the page sends: response_time_ms, pictures, answer. Times are from the model: nobody waits.
        """

    def answered_share(self, columns: Mapping[str, Floats]) -> Floats:
        """Return the share of image 1 that answers name, float64 (N,); NaN where there is none.

        Parameters
        ----------
        columns
            float64 (N,): the registry's answered coefficient of the task and `bias_columns`, NaN where null.
        """
        return columns[TASKS[self.name].answered]
