"""An action of those who run a study: something that is done with a collection, by name and fields."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from hmix_hub.suite.store.store import Store

Told = dict[str, Any]
"""JSON that an action answers with."""


class Action(BaseModel):
    """Something that is done with a collection; the fields are what it needs to know."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    name: ClassVar[str]

    @abstractmethod
    def carry_out(self, store: Store) -> Told:
        """Carry it out, and return what became of it.

        Parameters
        ----------
        store
            The collection, open for writing, of this process or of the one that serves.

        Raises
        ------
        CollectionError
            If it cannot be done; nothing was changed then.
        """
