"""Browsers that cannot show the study are told before consent; what a study can do without keeps nobody away."""

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect

from hmix_hub.tasks import INFER

TOLD = "Gebruik een nieuwere browser"
DUTCH = {"language": "nl", "words": {"old_heading": TOLD, "unreachable_heading": "Geen verbinding"}}


@pytest.fixture
def at(serve, person):
    """Open a study in Dutch, in a browser that a script changed."""

    def open_in(script=None, **files):
        served = serve(INFER, **DUTCH)
        me = person(served)
        if script:
            me.page.add_init_script(script)
        for name, handle in files.items():
            me.page.context.route(f"**/static/{name}.js", handle)
        return served, me.open()

    return open_in


@pytest.mark.parametrize(
    "script",
    [
        "delete HTMLScriptElement.prototype.noModule;",
        "delete Array.prototype.findLast;",
        "delete HTMLDialogElement.prototype.showModal;",
        "CSS.supports = () => false;",
    ],
)
def test_an_old_browser_is_told_before_consent_in_the_language_of_the_study(at, script):
    served, me = at(script)
    me.heading(TOLD)
    expect(me.page.get_by_text("up-to-date Firefox")).to_be_visible()
    expect(me.page.get_by_role("button")).to_have_count(0)
    expect(me.page.locator("html")).to_have_attribute("lang", "nl")
    assert served.store.sessions() == []


def test_a_browser_that_cannot_read_the_code_is_told(at, console):
    console.allow("not caught")
    _, me = at(main=lambda route: route.fulfill(body="let new syntax;", content_type="text/javascript"))
    me.heading(TOLD)


def test_without_the_words_of_the_study_it_is_said_in_english(serve, person, console):
    console.allow("Failed to load resource")
    me = person(serve(INFER, **DUTCH))
    me.page.add_init_script("delete Array.prototype.findLast;")
    me.page.context.route("**/api/study", lambda route: route.abort())
    me.open().heading("Please use a newer browser")


@pytest.mark.parametrize("file", ["main", "way"])
def test_a_file_that_does_not_come_is_no_old_browser(at, console, file):
    console.allow("Failed to load resource")
    _, me = at(**{file: lambda route: route.abort()})
    me.heading("Geen verbinding")


REFUSED = "throw new DOMException('no', 'SecurityError');"


@pytest.mark.parametrize(
    "script",
    [
        "delete window.BroadcastChannel; delete AbortSignal.timeout;",
        f"window.BroadcastChannel = function () {{ {REFUSED} }};"
        f"Object.defineProperty(window, 'localStorage', {{ get() {{ {REFUSED} }} }});",
    ],
)
def test_what_can_be_done_without_keeps_nobody_away(at, script):
    served, me = at(script)
    me.agree().read().quiz()
    me.trial(1)
    me.answer(INFER)
    me.trial(2)
    me.page.locator("#withdraw").click()
    me.page.locator("dialog .danger").click()
    expect(me.page.locator("#withdraw")).to_be_hidden()
    assert served.store.sessions() == []
