"""Random words: ids, class names, and texts of a study's own columns, in many scripts."""

from __future__ import annotations

import random

LETTERS = "aäßéñøζЖ中文日本ไท한🐸ﬁÅ"
_MARKS = " ,\"';|%&()[]{}<>#*:!?–…\\/`~^"  # noqa: RUF001
_ID = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def identifier(rng: random.Random) -> str:
    """Return an id of 1 to 6 characters; short, so that it looks like nobody's."""
    return rng.choice(_ID) + "".join(rng.choice(_ID + "._-") for _ in range(rng.randrange(6)))


def text(rng: random.Random, *, is_plain: bool = False) -> str:
    """Return a short text that begins and ends with a letter, and is no number and no truth."""
    inside = LETTERS if is_plain else LETTERS + _MARKS + "\n"
    middle = "".join(rng.choice(inside) for _ in range(rng.randrange(8)))
    return rng.choice(LETTERS) + middle + rng.choice(LETTERS)


def class_names(rng: random.Random, number: int) -> list[str]:
    """Return class names that differ whatever their case; words for nothing among them."""
    names: dict[str, str] = {}
    while len(names) < number:
        name = rng.choice(["none", "Missing", "NA", text(rng), text(rng), "class " + identifier(rng)])
        name = name.replace("\n", "-").replace("/", "-").replace("\\", "-").replace("|", "-").lstrip("[")
        if name.strip() and not name.lower().startswith("mixed_"):
            names.setdefault(name.lower(), name)
    return list(names.values())
