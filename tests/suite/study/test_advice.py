"""Advice: what a study that can be served should be looked at for."""

import pytest
from click.testing import CliRunner
from suite.study.files import STUDY, changed, write_study

from hmix_hub.cli.main import main
from hmix_hub.schema import CIFAR10
from hmix_hub.suite.study.reading import read_study_file
from hmix_hub.suite.study.rules import advice_on
from hmix_hub.suite.study.words import WORDS, words_block

PROLIFIC = "url: https://app.prolific.com/submissions/complete?cc={code}"


def advice(folder, text=STUDY):
    return advice_on(read_study_file(write_study(folder / "study", text)))


def with_completion(*lines):
    return changed("  text: Thank you.\n", "".join(f"  {line}\n" for line in ["text: Thank you.", *lines]))


def test_nothing_is_said_of_a_study_that_is_well(tmp_path):
    assert advice(tmp_path) == []


def test_another_language_needs_words_class_names_and_a_last_text(tmp_path):
    italian = changed("seed: 3", "seed: 3\nlanguage: it").replace("completion:\n  text: Thank you.\n", "")
    said = advice(tmp_path, italian)
    assert [line.partition(":")[0] for line in said] == ["words", "pictures.class_names", "completion.text"]
    assert f"{len(WORDS)} of the interface's {len(WORDS)} texts are in English" in said[0]


def test_a_shipped_language_is_to_be_reviewed_and_one_of_ones_own_is_well(tmp_path):
    names = ", ".join(f"{name}: {name[::-1]}" for name in CIFAR10.names)
    pictures = "source: sample/pictures"
    text = changed("seed: 3", "seed: 3\nlanguage: de-CH").replace(pictures, f"{pictures}\n  class_names: {{{names}}}")
    (said,) = advice(tmp_path, text)
    assert said.startswith("words: no speaker has reviewed the German texts yet")
    assert advice(tmp_path, f"{text}\n{words_block(WORDS)}") == []


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([PROLIFIC], "completion.code: app.prolific.com expects one code"),
        ([PROLIFIC, "code: C1A2B3"], None),
        (["url: https://example.org/?c={code}"], None),
        (["url: https://example.org/done"], "completion.url: without {code}"),
        (["url: https://notprolific.com/?c={code}"], None),
    ],
)
def test_a_completion_code_that_would_not_be_known(tmp_path, lines, said):
    found = advice(tmp_path, with_completion(*lines))
    assert len(found) == (said is not None)
    assert all(line.startswith(said) for line in found)


@pytest.mark.parametrize(
    "text",
    [
        "![A cat](cat.png)",
        "[Read](page.html)",
        "#### Deep",
        "> quoted",
        "| a | b |",
        "~~gone~~",
        "__so__",
        "[x] I agree",
    ],
)
def test_markdown_that_pages_do_not_read_is_told(tmp_path, text):
    (said,) = advice(tmp_path, changed("Please take part.", f"'{text}'"))
    assert said.startswith("consent.text: ")


@pytest.mark.parametrize(
    "text", ["# Welcome", "Please **look**.", "[Read](https://example.org)", "[ ] I agree", "- one"]
)
def test_markdown_that_pages_read_is_well_in_the_consent_form(tmp_path, text):
    assert advice(tmp_path, changed("Please take part.", f"'{text}'")) == []


def test_a_list_within_a_list_is_told(tmp_path):
    (said,) = advice(tmp_path, changed("Please take part.", '"- one\\n  - below one"'))
    assert said.startswith("consent.text: '- below one'")


def test_markdown_is_told_on_pages_of_questions(tmp_path):
    page = "{title: You, questions: [{name: tired, kind: choice, question: '**Tired**?', choices: [a, b]}]}"
    (said,) = advice(tmp_path, changed("seed: 3", f"seed: 3\nbefore: [{page}]"))
    assert said.startswith("before, page 1: '**Tired**'")


def test_markdown_is_told_where_texts_are_plain(tmp_path):
    (said,) = advice(tmp_path, changed("seed: 3", "seed: 3\ncomments: '**Anything** else?'"))
    assert said.startswith("comments: '**Anything**'")


@pytest.mark.parametrize(
    "text", ["2 ** 3 ** 4", "#1 of 3", "[sic] (as it stands)", "a * b * c", "snake__case__name", "a | b"]
)
def test_what_only_looks_like_markdown_is_not(tmp_path, text):
    assert advice(tmp_path, changed("Please take part.", f"'{text}'")) == []


def test_check_prints_it(tmp_path):
    folder = write_study(tmp_path / "study", changed("Please take part.", "Please ~~look~~."))
    told = CliRunner().invoke(main, ["collect", "check", str(folder)])
    assert told.exit_code == 0
    assert "advice on consent.text: '~~look~~'" in told.output
