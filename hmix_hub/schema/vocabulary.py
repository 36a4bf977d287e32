"""Vocabularies: the ordered class names that labels refer to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from hmix_hub.errors import SchemaError, nearest

LIST_MARK = "|"
"""Separator of the items of a list written as text; not allowed in class names."""


@dataclass(frozen=True)
class Vocabulary:
    """Ordered class names of a study; a label is a position in it.

    Parameters
    ----------
    names
        K class names, distinct regardless of case.

    Raises
    ------
    SchemaError
        If a name occurs twice.
    """

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self._codes) != len(self.names):
            msg = f"a class name occurs twice in the vocabulary {list(self.names)}"
            raise SchemaError(msg)

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def _codes(self) -> dict[str, int]:
        return {name.lower(): code for code, name in enumerate(self.names)}

    def code(self, name: str) -> int:
        """Return the label of a class name, regardless of case.

        Raises
        ------
        SchemaError
            If the vocabulary has no such class; the nearest names are suggested.
        """
        try:
            return self._codes[name.lower()]
        except KeyError:
            msg = f"there is no class {name!r}"
            raise SchemaError(msg, hint=nearest(name, self.names, label="classes")) from None

    def display(self, code: int) -> str:
        """Return a class name as written in pair and stimulus ids: with a capital first letter."""
        name = self.names[code]
        return name[:1].upper() + name[1:]

    def joined(self, codes: Iterable[int]) -> str:
        """Return labels as text, as in CSV: `cat|dog`."""
        return LIST_MARK.join(self.names[code] for code in codes)

    def union(self, others: Iterable[Vocabulary]) -> Vocabulary:
        """Join vocabularies: this one's names first, then each new name in the order of its first appearance."""
        names = list(self.names)
        seen = set(self._codes)
        for other in others:
            for name in other.names:
                if name.lower() not in seen:
                    seen.add(name.lower())
                    names.append(name)
        return Vocabulary(tuple(names))

    def recode(self, target: Vocabulary) -> Sequence[int]:
        """Return, for each label of this vocabulary, the label of the same class in `target`."""
        return [target.code(name) for name in self.names]

    def codes_in(self, target: Vocabulary) -> list[int]:
        """Return, for each label of this vocabulary, the label of the same class in `target`; -1 if it has none."""
        return [target._codes.get(name.lower(), -1) for name in self.names]


CIFAR10 = Vocabulary(("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"))
"""CIFAR-10's ten classes in CIFAR-10's (alphabetical) order, the vocabulary of H-Mix."""
