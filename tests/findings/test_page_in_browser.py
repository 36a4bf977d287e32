"""The page of a report in a browser: axe finds nothing, nothing sticks out, nothing is fetched."""

import pytest
from made_report import made_report

import hmix_hub
from hmix_hub.findings.page.writing import write_report


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    return write_report(made_report(), tmp_path_factory.mktemp("report")).as_uri()


@pytest.fixture(scope="module")
def of_sample(tmp_path_factory):
    report = hmix_hub.report("h-mix", source="sample", resamples=100)
    return write_report(report, tmp_path_factory.mktemp("sample")).as_uri()


@pytest.fixture
def open_page(chromium, address):
    contexts = []

    def open_at(width, **options):
        context = chromium.new_context(viewport={"width": width, "height": 800}, **options)
        contexts.append(context)
        page = context.new_page()
        page.asked = []
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(address)
        return page

    yield open_at
    for context in contexts:
        context.close()


@pytest.mark.parametrize("width", [360, 1300])
def test_axe_finds_nothing_and_nothing_sticks_out(open_page, of_sample, width, violations):
    # Content security of the page forbids scripts; axe is one.
    page = open_page(width, bypass_csp=True)
    page.goto(of_sample)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"


def test_without_scripts_a_click_on_a_number_shows_its_command(open_page, address):
    page = open_page(1300, java_script_enabled=False, color_scheme="dark")
    note = page.locator('[id="infer.mean.0.9"] .how')
    assert not note.is_visible()
    page.locator("a.said", has_text="0.860").click()
    assert note.is_visible()
    assert "hmix explain infer.mean.0.9" in note.inner_text()
    assert page.asked == [address]


_MISPLACED = """() => [...document.querySelectorAll('figure svg')].flatMap((svg) => {
  const frame = svg.getBoundingClientRect()
  // The boxes of slanted words overlap where the words do not.
  const words = [...svg.querySelectorAll('text:not([transform*="rotate(-45"])')]
    .map((text) => [text.textContent, text.getBoundingClientRect()])
  const lies = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1.5
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3
  return words.filter(([, box], n) => box.left < frame.left - 1 || box.right > frame.right + 1
    || words.slice(n + 1).some(([, other]) => lies(box, other))).map(([text]) => text)
})"""


@pytest.mark.parametrize("width", [360, 1300])
def test_words_of_figures_stay_in_their_figures_and_on_no_others(open_page, of_sample, width):
    page = open_page(width)
    page.goto(of_sample)
    assert page.evaluate(_MISPLACED) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
