"""Markup is found in texts, and what only looks like it is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmix_hub.suite.study.texts import control_in, markup_in


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Move <b>it</b>.", ["<b>", "</b>"]),
        ("<img src=x onerror=alert(1)", ["<img src=x"]),
        ('<a href="x">here</a>', ['<a href="x">', "</a>"]),
        ("one<br>two<BR />three", ["<br>", "<BR />"]),
        ("<my-own x='1'>", ["<my-own x='1'>"]),
        ("<!DOCTYPE html>", ["<!DOCTYPE"]),
        ("a <!-- b --> c", ["<!--", "-->"]),
        ("<script>", ["<script>"]),
        ("<script async src='x'></script >", ["<script async src='x'>", "</script >"]),
        ("<input disabled><details OPEN >", ["<input disabled>", "<details OPEN >"]),
        ("a <br > b <br / > c <Thing/>", ["<br >", "<Thing/>"]),
        ('<b class="x">', ['<b class="x">']),
        ("a&nbsp;b &lt; &#60; &#x3c; c", ["&nbsp;", "&lt;", "&#60;", "&#x3c;"]),
    ],
)
def test_markup_is_found_as_it_stands(text: str, found: list[str]) -> None:
    assert markup_in(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "<Please click…",
        "<Please click the picture>",
        "a < b > c",
        "a<b, c>d",
        "a<b and b>a",
        "x <i or i > y",
        "a <b > c",
        "AT&T; Q&A; R&D",
        "5 &6; &; & amp;",
        "<3",
        "x <- y -> z",
        "100 % <= 200 %",
    ],
)
def test_plain_text_is_plain(text: str) -> None:
    assert markup_in(text) == []


@given(st.text(alphabet="<>&;=/!-ab #x'\" \n", max_size=60))
def test_what_is_found_stands_there_in_order(text: str) -> None:
    at = 0
    for found in markup_in(text):
        at = text.index(found, at) + len(found)


@given(st.text(st.characters(exclude_characters="<>&"), max_size=60))
def test_without_brackets_and_ampersands_there_is_no_markup(text: str) -> None:
    assert markup_in(text.replace("--", "")) == []


def test_control_characters_are_named() -> None:
    assert control_in("a\tb\nc") is None
    assert control_in("a\x1bb") == "U+001B"
