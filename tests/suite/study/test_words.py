"""Words of the pages: every shipped language has the same names and fills in the same; a study's own come first."""

import pytest
import yaml
from click.testing import CliRunner
from suite.study.files import STUDY, changed, write_study

from hmix_hub.cli.main import main
from hmix_hub.suite.study.reading import read_study_file
from hmix_hub.suite.study.words import LANGUAGES, WORDS, missing_words, placeholders, shipped, words_of


def study(folder, language, more=""):
    return read_study_file(write_study(folder / "study", changed("seed: 3", f"seed: 3\nlanguage: {language}{more}")))


def told(*arguments):
    done = CliRunner().invoke(main, ["collect", "words", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_languages_that_are_promised_are_shipped():
    assert LANGUAGES == ("ar", "de", "es", "fr", "zh")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_the_words_that_pages_use_and_no_others(language):
    assert set(shipped(language).words) == set(WORDS)
    assert missing_words(language) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_filled_in_is_filled_in_in_every_language(language):
    words = shipped(language).words
    assert {name: placeholders(text) for name, text in words.items()} == {
        name: placeholders(WORDS[name]) for name in words
    }
    assert all(isinstance(text, str) and text == text.strip() and 0 < len(text) <= 300 for text in words.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_that_no_speaker_has_read_says_so(language):
    assert shipped(language).is_reviewed is False


@pytest.mark.parametrize(
    ("language", "name"),
    [("de", "German"), ("de-CH", "German"), ("zh-CN", "Chinese"), ("zh-Hans-CN", "Chinese"), ("ar-EG", "Arabic")],
)
def test_a_region_has_the_words_of_its_language(language, name):
    assert shipped(language).language == name


@pytest.mark.parametrize("language", ["en", "en-GB", "it", "zh-TW", "zh-Hant", "zh-HK"])
def test_others_have_english_words(language):
    assert shipped(language) is None
    assert (missing_words(language) == []) is language.startswith("en")


def test_a_studys_own_words_come_first(tmp_path):
    words = words_of(study(tmp_path, "de", "\nwords: {submit: Abschicken}"))
    assert (words["submit"], words["next"]) == ("Abschicken", "Weiter")


def test_printed_words_are_the_key_of_a_study_file(tmp_path):
    printed = yaml.safe_load(told("--language", "fr"))
    assert printed["words"] == WORDS | dict(shipped("fr").words)
    assert read_study_file(write_study(tmp_path / "study", STUDY + told("--language", "fr"))).words == printed["words"]


def test_missing_words_are_printed_in_english(tmp_path):
    study(tmp_path, "it", "\nwords: {submit: Invia}")
    printed = told(tmp_path / "study", "--missing")
    assert yaml.safe_load(printed)["words"] == {name: text for name, text in WORDS.items() if name != "submit"}
    assert "it: " in printed
    assert "nothing is missing" in told("--language", "en-GB", "--missing")


def test_a_folder_or_a_language_is_needed():
    done = CliRunner().invoke(main, ["collect", "words"])
    assert done.exit_code == 2
    assert "--language" in done.output
