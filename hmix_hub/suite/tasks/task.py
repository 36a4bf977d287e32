"""A task in the suite: the plan of its trials, its page, its answers, and how scripted participants answer.

Each task has a module in this package, named after the task, that contains a `SuiteTask`, and a page in the client,
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
    """Settings of a task in the study file that its page and the check of its answers depend on."""

    @property
    def must_touch(self) -> bool:
        """Whether the picture must be moved, and sliders moved or pressed, before continuing."""
        ...

    @property
    def confidence(self) -> bool:
        """Whether participants report their confidence."""
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
        Median response time in seconds, from page drawn to submitted, over all judgments of the release; for a later
        task, an estimate (per scale if it has several).
    options
        Task-specific keys of the study file that this task accepts, from `sides`, `start`, `class_order`, `must_touch`,
        `confidence`, `scales`. Plans implement the first three.
    needs
        The options that a study file must set.
    takes_single
        Whether a stimulus may be a single, unmixed picture.
    has_grid
        Whether a page shows all mixtures of a pair in a shuffled order.
    words
        Additional English texts of its page, by name; placeholders in braces are filled in.
    bias_columns
        Columns of the judgment table that `answered_share` needs besides the task's answered coefficient.
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
        """Whether a stimulus is a pair of which all eleven mixtures are shown, rather than one mixture."""
        return TASKS[self.name].shows == "pair"

    def order(self, trial: Trial) -> Sequence[int]:
        """Return the indices of a stimulus's mixtures in the order of the page."""
        return (0,)

    def page(self, trial: Trial, design: Options) -> dict[str, Any]:
        """Return task-specific data for the browser, besides pictures, sides and class order; JSON."""
        return {}

    @abstractmethod
    def check(self, answer: object, trial: Trial, design: Options, elapsed: float) -> int | None:
        """Check the field `answer` of what a browser sent.

        Parameters
        ----------
        answer
            Any JSON value.
        trial, design
            The trial, and the task's settings in the study file.
        elapsed
            Response time, ms.

        Returns
        -------
        int or None
            Position on the page of the picture answered about; `None`: all of them.

        Raises
        ------
        FaultError
            If it is not a valid answer to the trial; see `hmix_hub.suite.tasks.trial`.
        """

    def judgments(self, answer: Mapping[str, Any], design: Options) -> Sequence[Mapping[str, Any]]:
        """Return the parts of a checked answer that become one row each; by default, the answer itself."""
        return (answer,)

    @abstractmethod
    def columns(self, answer: Mapping[str, Any], trial: Trial) -> dict[str, Any]:
        """Return the observed columns of one of the `judgments`: coefficients of image 1, labels as codes."""

    def released(self, observed: pa.Table) -> pa.Table:
        """Return observed columns, N rows, as the released interface would have stored them."""
        return observed

    @abstractmethod
    def respond(self, page: dict[str, Any], scene: Scene, mind: Mind, rng: np.random.Generator) -> dict[str, Any]:
        """Answer a trial as a scripted participant; `hmix_hub.suite.tasks.perception` has helpers.

        Parameters
        ----------
        page
            The page, from the session view.
        scene
            What the participant sees on it.
        mind
            The participant's bias and random numbers.
        rng
            Random generator for this answer.

        Returns
        -------
        dict
            What the page sends: response_time_ms, pictures, answer. Times are drawn from the model, without waiting.
        """

    def answered_share(self, columns: Mapping[str, Floats]) -> Floats:
        """Return the share of image 1 in answers, float64 (N,); NaN if there is none.

        Parameters
        ----------
        columns
            float64 (N,): the registry's answered coefficient of the task and `bias_columns`, NaN where null.
        """
        return columns[TASKS[self.name].answered]
