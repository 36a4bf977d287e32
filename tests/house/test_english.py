"""English: docstrings, messages and guides use present-day phrases, and the words of the glossary."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_FIRST_WORD = re.compile(r"(Give|Gives|Say|Says|Tell|Tells)\b")
BANNED = {
    r"\bat the (most|least)\b": "at most, at least",
    r"\bcan ?not be had\b": "is unavailable",
    r"\bone and the same\b": "identical",
    r"\bfor want of\b": "for lack of",
    r"\bis of nobody\b": "no participant has",
    r"\b(anew|whence|thence|thereof|whereof)\b": "again; from which",
    r"\b(un)?mend(s|ed|ing)?\b": "fix",
    r"\bnothing is said of\b": "no … given for",
    r"\bsays no (format|kind)\b": "cannot tell the format",
    r"\bstands? (already|twice|in it already)\b": "is already listed; occurs twice",
    r"\bgives? (them |people |participants |somebody )?away\b": "could identify participants",
    r"(?<!here )\b(is|are) no (?!longer|more|such|other|filter|space)\w+": "is not a",
    r"\bstands? (in|at|behind|alone|below|beside|there)\b": "is in, at, …",
    r"\b(lies|lie) (in|at|beside|there|where)\b": "is in, at, …",
    r"\b(is|are|be) told\b(?! apart)": "is reported",
    r"\b(says? of|tells? (of|that|what|which)|tells whether)\b": "describes; shows",
    r"\bwhere there (is|are) none\b": "if there is none",
    r"\b(is|are) there already\b": "already exists",
    r"\bwritten over\b": "overwritten",
    r"; else (until|to|name|the)\b": "otherwise; default:",
    r"\b(scripted|simulated) people\b": "simulated participants",
    r"\bcrowd ?workers?\b": "participants",
    r"\bcalled? otherwise\b": "has another name",
}
"""Phrases that are not used, as regular expressions, and what to write instead."""
_ANY = re.compile("|".join(f"(?:{pattern})" for pattern in BANNED), re.IGNORECASE)


def phrases_in(text: str) -> list[str]:
    """Return the banned phrases of a text, each with what to write instead."""
    words = " ".join(text.split())
    if not _ANY.search(words):
        return []
    found = ((re.search(pattern, words, re.IGNORECASE), instead) for pattern, instead in BANNED.items())
    return [f"{match[0]!r}: write {instead!r}" for match, instead in found if match]


def texts_of(module: Path) -> Iterator[tuple[int, str, bool]]:
    """Yield the line and text of every docstring, and of every other text with words; and whether it is a docstring."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    docstrings = {
        id(part.value)
        for node in ast.walk(tree)
        for part in (node.body if isinstance(getattr(node, "body", None), list) else ())
        if isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, node.value, id(node) in docstrings


@pytest.mark.parametrize("folder", ["hmix_hub", "builders", "scripts"])
def test_docstrings_and_messages_use_phrases_of_today(folder):
    found = [
        f"{module.relative_to(ROOT)}:{line}: {problem}"
        for module in sorted((ROOT / folder).rglob("*.py"))
        for line, text, is_docstring in texts_of(module)
        for problem in [
            *(["begin with Return, Compute, Load, Check, …"] if is_docstring and _FIRST_WORD.match(text) else []),
            *phrases_in(text),
        ]
    ]
    assert found == []


def test_guides_use_phrases_of_today():
    guides = {*ROOT.glob("*.md"), *(ROOT / "dataset_cards").rglob("*.md")} - {ROOT / "CHANGELOG.md"}
    found = [
        f"{guide.relative_to(ROOT)}: {problem}"
        for guide in sorted(guides)
        # The glossary lists words not to use.
        for problem in phrases_in(
            re.sub(r"### Words\n.*?(?=\n#|\Z)", "", guide.read_text(encoding="utf-8"), flags=re.S)
        )
    ]
    assert found == []


@pytest.mark.parametrize(
    "text", ["People at the most; else until all is full.", "this code is of nobody", "nothing to mend", "it is no id"]
)
def test_phrases_of_yesterday_are_found(text):
    assert phrases_in(text)


def test_sound_phrases_are_not():
    assert (
        phrases_in("There is no file; at most one participant recommended it, and a comment is given away-facing.")
        == []
    )
