"""The client's files, and the dashboard's: small, without build step or foreign addresses; every word is known."""

import gzip
import re
from importlib.resources import files
from typing import get_args

import pytest
from suite_maker import study_content

from hmix_hub.suite.server.operator import SHARED_FILES
from hmix_hub.suite.study.model import StudyFile
from hmix_hub.suite.study.questionnaire import questionnaire_of
from hmix_hub.suite.study.questions import Surrounding
from hmix_hub.suite.study.words import WORDS, placeholders
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.tasks import INFER, TASKS


def read(*folders):
    """Return the texts of the client's files by name."""
    return {
        file.name: file.read_text(encoding="utf-8")
        for folder in folders
        for file in (files("hmix_hub.suite.client") / folder).iterdir()
        if file.name.rpartition(".")[2] in {"html", "js", "css", "svg"}
    }


def code_of(client):
    return "".join(text for name, text in client.items() if name.endswith(".js"))


CLIENT = read("", "tasks")
DASHBOARD = read("dashboard") | {name: CLIENT[name] for name in SHARED_FILES}
CODE = code_of(CLIENT)
MOST_BYTES, MOST_SENT, MOST_OF_DASHBOARD = 100_000, 48_000, 80_000
of_both = pytest.mark.parametrize("client", [CLIENT, DASHBOARD], ids=["people", "dashboard"])


@pytest.mark.parametrize(("sent", "most"), [(bytes, MOST_BYTES), (gzip.compress, MOST_SENT)], ids=["read", "sent"])
def test_all_files_of_a_session_are_small(sent, most):
    sizes = {name: len(sent(text.encode())) for name, text in CLIENT.items()}
    pages = [sizes.pop(f"{task}.js") for task in SUITE_TASKS]
    assert sum(sizes.values()) + max(pages) < most


def test_the_dashboard_is_small_and_its_styles_are_classes():
    assert sum(len(text.encode()) for text in DASHBOARD.values()) < MOST_OF_DASHBOARD
    assert not re.search(r"\.style\b", code_of(DASHBOARD))


@of_both
def test_nothing_is_asked_of_another_server(client):
    addresses = re.findall(r"https?://[^\s'\"`)]+", "".join(client.values()))
    assert set(addresses) <= {"http://www.w3.org/2000/svg"}
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", code_of(client)
    )
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", client["index.html"])


@of_both
def test_addresses_are_relative_so_that_a_study_can_stand_below_a_path(client):
    assert not re.findall(r"['\"`]/(?:api|static|pictures)\b[^'\"`]*", "".join(client.values()))


def test_what_tells_people_with_old_browsers_is_written_for_old_browsers():
    code = CLIENT["old.js"]
    assert not re.search(r"=>|`|\b(?:const|let|class|import|export|async|await)\b|\?\.|\?\?|\.\.\.", code)
    assert CLIENT["index.html"].index("static/old.js") > CLIENT["index.html"].index("</main>")


@of_both
def test_nodes_come_on_a_page_in_one_place_which_drops_nothing_nodes(client):
    """`replaceChildren(null)` shows the word "null"; `add` and `fill` of dom.js do not."""
    puts = re.compile(r"\.(?:append|prepend|replaceChildren|appendChild|insertBefore)\(")
    assert {name for name, text in client.items() if puts.search(text)} == {"dom.js", "old.js"} & set(client)


def words_of_presets():
    """Return the words that stand on pages of presets, of a study that calls each word by its name."""
    content = study_content(INFER, before=[{"preset": "demographics"}], words={name: name for name in WORDS})
    (page,) = questionnaire_of(StudyFile.model_validate(content))
    return {page.title, *(text for asked in page.questions for text in (asked.question, *asked.choices))}


def test_every_word_of_the_pages_is_known_and_every_known_word_is_used():
    named = set(re.findall(r"'([a-z][a-z_]*)'", CODE))
    said = set(re.findall(r"show(?:Fault|Fallback)\([^)]*?'([a-z_]+)'", CODE)) | {
        "full",
        "closed",
        "taken",
        "elsewhere",
        "unknown",
        "failed_quiz",
        "screened_out",
        *("id_taken", "not_allowed", "bad_link", "link_missing", "link_opened", "moved"),
    }
    named |= {f"{fault}_{part}" for fault in said for part in ("heading", "text")}
    named |= {f"{state}_{count}" for state in ("waiting", "failing") for count in ("one", "many")}
    # What the server puts into pages, and what consent forms have to say.
    named |= words_of_presets() | {f"recorded_{name}" for name in get_args(Surrounding)}
    assert set(re.findall(r"(?:word|phrase)\(\s*'([a-z_]+)'", CODE)) <= set(WORDS)
    assert set(WORDS) - named == set()


def test_words_are_filled_in_by_what_the_pages_give():
    given = {"number", "of", "version", "class", "left", "right", "left_percent", "right_percent", "percent"}
    given |= {"sum", "classes", "count", "value", "most", "low", "high", "least", "place"}
    assert set().union(*(placeholders(text) for text in WORDS.values())) == given
    assert all(text == text.strip() and len(text) <= 300 for text in WORDS.values())


def test_every_task_has_a_page_and_every_page_is_of_a_task():
    pages = {file.name for file in (files("hmix_hub.suite.client") / "tasks").iterdir()}
    assert set(SUITE_TASKS) <= set(TASKS)
    assert pages == {f"{task}.js" for task in SUITE_TASKS}
    assert not any(task in text for task in TASKS for text in CLIENT.values() if f"/** {task}:" not in text)
