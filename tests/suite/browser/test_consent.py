"""Texts of the study: what Markdown they may hold, boxes to tick before taking part, and whom to ask."""

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect
from suite.browser.collection import CONSENT
from suite.browser.person import PHONE

from hmix_hub.tasks import SELECT

FORM = """\
# What it is about
We **look** at pictures, a < b & c.
A second line.

## What you do
- Read the [information sheet](https://example.org/sheet), or https://example.org/more.
- Look at pictures,
  as long as you like.

1. First
2) Second

[click](javascript:alert(1)) and 2 * 3 * 4 stay as they are; write to ada@example.org.

[ ] I am at least 18 years old.
- [ ] I have read **this**.
"""
SHAPE = """() => [...document.querySelector('#consent-text').children].map((node) =>
  [node.tagName.toLowerCase(), [...node.children].filter((one) => one.matches('li, label')).length, node.innerText])"""


@pytest.fixture
def at_form(serve, person):
    """Let somebody open the consent form."""
    return lambda **screen: person(serve(SELECT, consent={"version": "1", "text": FORM}), **screen).open()


def test_headings_lists_bold_words_and_links_are_read_and_all_else_stays(at_form):
    me = at_form()
    me.heading("Taking part")
    assert me.page.evaluate(SHAPE) == [
        ["h2", 0, "What it is about"],
        ["p", 0, "We look at pictures, a < b & c.\nA second line."],
        ["h3", 0, "What you do"],
        [
            "ul",
            2,
            "Read the information sheet, or https://example.org/more.\nLook at pictures, as long as you like.",
        ],
        ["ol", 2, "First\nSecond"],
        ["p", 0, "[click](javascript:alert(1)) and 2 * 3 * 4 stay as they are; write to ada@example.org."],
        ["div", 2, "I am at least 18 years old.\nI have read this."],
    ]
    links = me.page.locator("#consent-text a")
    assert [link.get_attribute("href") for link in links.all()] == [
        "https://example.org/sheet",
        "https://example.org/more",
        "mailto:ada@example.org",
    ]
    assert {link.get_attribute("rel") for link in links.all()} == {"noopener noreferrer"}
    assert me.page.locator("#consent-text strong").all_inner_texts() == ["look", "this"]


def test_who_has_not_ticked_every_box_does_not_take_part(at_form):
    me = at_form(**PHONE)
    me.press("I agree to take part")
    expect(me.page.get_by_text("Please tick every box to take part.")).to_be_visible()
    first, second = me.page.get_by_role("checkbox").all()
    expect(first).to_be_focused()
    me.page.get_by_text("I am at least 18 years old.").click()
    me.press("I agree to take part")
    expect(second).to_be_focused()
    second.check()
    expect(me.page.get_by_text("Please tick every box to take part.")).not_to_be_visible()
    me.press("I agree to take part")
    me.heading("Instructions")


def test_a_text_without_markdown_is_kept_to_the_letter(serve, person):
    me = person(serve(SELECT)).open()
    texts = [
        CONSENT,
        "a\nb\n\nc",
        "*",
        "**",
        "** a **",
        "[ ]",
        "-",
        "- ",
        "1.",
        "#",
        "#a",
        "1.5 and 2",
        "[a](b)",
        "a_b_",
    ]
    shown = me.page.evaluate(
        """async (texts) => {
          const { rich } = await import(new URL('static/markdown.js', document.baseURI));
          return texts.map((text) => rich(text).map((node) => node.textContent).join('\\n\\n'));
        }""",
        texts,
    )
    assert shown == texts


def test_every_page_that_sends_people_to_the_researchers_says_how(serve, person, console):
    console.allow("Failed to load resource")
    served = serve(SELECT)
    me = person(served).open()
    contact = me.page.get_by_role("link", name="https://example.org/contact")
    expect(contact).to_be_visible()
    me.press("I do not agree")
    expect(contact).to_be_visible()
    me.press("Read the consent form again")
    me.press("I agree to take part")
    me.heading("Instructions")
    expect(contact).to_be_visible()
    me.press("Withdraw")
    expect(me.page.get_by_role("dialog").get_by_role("link")).to_be_visible()
    me.press("Stay in the study")
    (session,) = served.store.sessions()
    served.store.leave(session.id).result(10)
    me.page.reload()
    me.heading("The study ends here")
    expect(me.page.get_by_role("main").get_by_role("link")).to_be_visible()
    served.store.set_closed(True)
    other = person(served).open()
    other.heading("The study is closed")
    expect(other.page.get_by_role("main").get_by_role("link")).to_be_visible()
