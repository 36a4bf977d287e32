"""The page of a report: one file that reads without scripts or a network, whose every number can be asked about."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from made_report import CLASSES, inferred, judgments, made_report, number, visibility

import hmix_hub
from hmix_hub.errors import ConfigurationError
from hmix_hub.findings.finding import Finding, Table
from hmix_hub.findings.page.view import KEY_NUMBERS, explain_command, view_of
from hmix_hub.findings.page.writing import NUMBERS, PAGE, numbers_text, page_text, write_report
from hmix_hub.findings.wording import number_text, value_text

HOSTILE = '<script>alert("1")</script> & \u202eevil \x1b[31m $x_1$'
VOID = {"meta", "link", "br", "img", "hr", "input"}


class Reader(HTMLParser):
    """Reads a page: its elements, ids, addresses and texts; every element must be closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.addresses, self.tags, self.words = [], [], [], [], []
        self.attributes = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self.ids += [value for name, value in attrs if name == "id"]
        self.addresses += [value for name, value in attrs if name in {"href", "src", "xlink:href", "action", "data"}]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def parsed(drawing):
    return ElementTree.fromstring(drawing)


@pytest.fixture(scope="module")
def text():
    return page_text(made_report())


@pytest.fixture(scope="module")
def page(text):
    return Reader(text)


def test_the_same_report_gives_the_same_bytes_whatever_the_settings_of_matplotlib(text):
    import matplotlib

    with matplotlib.rc_context({"font.size": 30, "svg.fonttype": "path", "axes.edgecolor": "red"}):
        assert page_text(made_report()) == text
    assert numbers_text(made_report()) == numbers_text(made_report())


def test_every_element_is_closed_and_no_id_stands_twice(page):
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))


def test_nothing_is_fetched_and_no_script_runs(page, text):
    inside = [address for address in page.addresses if not address.startswith("#")]
    assert inside == [NUMBERS]
    assert "script" not in page.tags
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert not re.search(r"@import|url\((?!#)", text)


def test_links_within_the_page_lead_somewhere(page):
    from urllib.parse import unquote

    targets = {unquote(address[1:]) for address in page.addresses if address.startswith("#")}
    assert targets <= set(page.ids)


def test_every_number_of_the_report_is_an_anchor_with_its_command_and_stands_in_the_json(page):
    report = made_report()
    known = json.loads(numbers_text(report))
    in_json = {each["id"]: each for finding in known["findings"] for each in finding["numbers"]}
    assert set(in_json) == set(report.numbers)
    assert set(in_json) <= set(page.ids)
    said = "".join(page.words)
    for name, described in in_json.items():
        assert explain_command(report.number(name), ()) in said
        assert described["rows"] == described["judgments"] == 4 or name == "retest.icc"
    assert in_json["class.spread"]["value"] is None


def test_a_numeral_of_a_sentence_links_to_the_number_that_has_this_value(text):
    assert '<a class="said" href="#infer.mean.0.9">0.860</a>' in text


def test_a_value_that_two_numbers_have_is_no_link():
    twice = Finding("twice", "Twice", "It is 0.500.", (number("one", 0.5), number("two", 0.5)))
    assert 'class="said"' not in page_text(made_report(twice))


def test_drawings_are_well_formed_and_named(text):
    drawings = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(drawings) == 6
    for drawing in drawings:
        root = parsed(drawing)
        assert root.get("role") == "img"
        by_id = {element.get("id"): element for element in root.iter() if element.get("id")}
        title, description = (by_id[name].text for name in root.get("aria-labelledby").split())
        assert title
        assert description
        assert not root.findall(".//{*}style")


def test_a_drawing_tells_its_values_to_those_who_do_not_see_it(text):
    assert "0.9: 0.86" in "".join(re.findall(r"<desc[^>]*>(.*?)</desc>", text))


def test_names_from_anywhere_are_text():
    table = judgments(study=HOSTILE, people=(HOSTILE, "p2"))
    named = visibility((HOSTILE, *CLASSES))
    report = made_report(inferred(HOSTILE), named, datasets=(HOSTILE,), table=table, missing=(HOSTILE,))
    text = page_text(report)
    page = Reader(text)
    assert "script" not in page.tags
    assert not [c for c in text if not c.isprintable() and c != "\n"]
    assert "evil" in text
    for drawing in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
        parsed(drawing)
    assert json.loads(numbers_text(report))["missing"] == [HOSTILE]


def test_judgments_of_a_program_are_marked():
    mark = "SYNTHETIC: made by a program, not by people"
    text = page_text(made_report(table=judgments(flags=["synthetic"])))
    assert f'<p class="synthetic" role="note">{mark}</p>' in text
    assert "What simulated participants see" in text
    assert mark not in page_text(made_report())


def test_a_report_of_one_participant_says_nothing_of_intervals():
    alone = Finding("alone", "Alone", "", (number("mean", 0.4, None, n=(4, 1)),))
    text = page_text(made_report(alone, table=judgments(people=("p1",))))
    assert "4 judgments by 1 participant" in text
    assert 'class="interval"' not in text


def test_a_report_without_findings_says_what_is_missing():
    text = page_text(replace(made_report(), findings=()))
    assert "Nobody was asked the task x." in text
    assert Reader(text).open == []


def test_a_number_in_two_tables_has_its_id_once():
    mean = number("mean", 0.4)
    rows = (("all", mean),)
    tables = (Table("a", "A", ("of", "mean"), rows), Table("b", "B", ("of", "mean"), rows))
    page = Reader(page_text(made_report(Finding("two", "Two", "", (mean,), tables))))
    assert page.ids.count("mean") == 1
    assert page.addresses.count("#mean") == 2


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.13756, "", "0.138"),
        (-0.13756, "", "\u22120.138"),
        (-0.0001, "", "0.000"),
        (3.21, "percent", "3.2 %"),
        (4950.0, "judgments", "4,950"),
        (1.0, "", "1.000"),
        (None, "", "\u2013"),
        (float("nan"), "", "\u2013"),
    ],
)
def test_values_in_words(value, unit, words):
    assert value_text(value, unit) == words


def test_a_number_with_its_interval_in_words():
    assert number_text(number("x", 0.4)) == "0.400 [0.380, 0.420]"
    assert number_text(number("x", 40.0, 2.0, unit="percent")) == "40.0 % [38.0, 42.0]"
    assert number_text(number("x", None)) == "\u2013"


def test_numbers_at_the_head_link_to_those_in_the_findings():
    error, unknown = number("infer.absolute_error", 0.171), number("soft.outside", None)
    finding = Finding("head", "Head", "", (error, unknown))
    text = page_text(made_report(finding))
    head = text[: text.index('<h2 id="head"')]
    assert '<a href="#infer.absolute_error"' in head
    assert "0.171" in head
    assert 'id="infer.absolute_error"' not in head
    assert "soft.outside" not in head
    assert 'class="keys"' not in page_text(made_report())


def test_numbers_at_the_head_are_numbers_of_a_report():
    assert set(KEY_NUMBERS) <= set(hmix_hub.report("h-mix", source="sample", resamples=100).numbers)


def test_commands_are_quoted_for_a_shell():
    assert explain_command(number("a.b", 0.5), ()) == "hmix explain a.b"
    assert explain_command(number("a.b", 0.5), ("my study", "h-mix")) == "hmix explain a.b 'my study' h-mix"
    assert "$(rm)" not in explain_command(number("a.b", 0.5), ("$(rm)",)).replace("'$(rm)'", "")


def test_both_files_are_written_and_replaced(tmp_path):
    place = tmp_path / "made" / "here"
    assert write_report(made_report(), place) == place / PAGE
    first = {name: (place / name).read_bytes() for name in (PAGE, NUMBERS)}
    write_report(made_report(inferred()), place)
    assert all((place / name).read_bytes() != content for name, content in first.items())
    write_report(made_report(), place)
    assert {name: (place / name).read_bytes() for name in (PAGE, NUMBERS)} == first
    assert sorted(path.name for path in place.iterdir()) == [PAGE, NUMBERS]


def test_a_file_is_no_folder_to_write_into(tmp_path):
    file = tmp_path / "report"
    file.write_text("mine")
    with pytest.raises(ConfigurationError, match="is a file"):
        write_report(made_report(), file)
    assert file.read_text() == "mine"


def test_h_mix_is_cited_and_other_studies_by_their_cards():
    files = tuple(replace(made_report().sources[0], study_id=study) for study in ("collins2023", "mine", "sample"))
    view = view_of(replace(made_report(), sources=files))
    assert view.citation == tuple(hmix_hub.citation().splitlines())
    assert view.cited_elsewhere == ("mine",)


def test_commands_name_what_the_report_was_called_with():
    text = page_text(made_report(), ("my study", "--source", "sample"))
    assert "hmix explain infer.mean.0.9 &#39;my study&#39; --source sample</code>" in text
    assert "hmix report &#39;my study&#39; --source sample -o DIR</code>" in text
