"""How people come: by a personal link, by an id of a platform, by a link that was not filled in; and how they leave."""

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect

from hmix_hub.tasks import SELECT

ENDS = {
    "declined": {"code": "NOCONSENT", "url": "https://example.org/?cc={code}"},
    "full": {"code": "FULL-1"},
    "failed": {"url": "https://example.org/failed"},
}
GO_ON = "Continue here"


def link_of(served):
    (number,) = served.store.issue_links(1).result(10)
    return f"?link={served.store.key.link(number)}"


def test_a_link_goes_on_in_another_browser_and_the_first_is_told(serve, person, console):
    console.allow("409")
    console.allow("401")
    served = serve(SELECT, recruiting={"links": "required"})
    link = link_of(served)
    me, elsewhere = person(served), person(served)
    me.agree(link).read().quiz().trial(1)
    assert me.page.url == f"{served.address}/"
    elsewhere.agree(link).heading("Already open in another browser")
    elsewhere.press(GO_ON)
    elsewhere.trial(1)
    # What the first browser has still to send is taken; then it is told.
    me.answer(SELECT)
    me.heading("Continued in another browser")
    assert len(served.answers(1)) == 1
    me.page.reload()
    me.heading("Continued in another browser")
    me.press(GO_ON)
    me.trial(2)
    elsewhere.page.reload()
    elsewhere.heading("Continued in another browser")
    assert len(served.store.sessions()) == 1


@pytest.mark.parametrize(
    ("query", "heading"), [("", "By invitation only"), ("?link=1-aaaaaaaaaaaaaaaaaaaa", "This link does not work")]
)
def test_without_a_link_of_this_study_nobody_begins(serve, person, console, query, heading):
    console.allow("403")
    served = serve(SELECT, recruiting={"links": "required"})
    me = person(served).open(query)
    if query:
        me.press("I agree to take part")
    me.heading(heading)
    assert served.store.sessions() == []


def test_an_id_of_a_platform_opens_nothing_in_another_browser(serve, person, console):
    console.allow("409")
    served = serve(SELECT, recruiting={"platform": "prolific", "required": True})
    person(served).agree("?PROLIFIC_PID=5f3c9e8ab1d2c34e5f607182").read().quiz().trial(1)
    stranger = person(served).agree("?PROLIFIC_PID=5f3c9e8ab1d2c34e5f607182")
    stranger.heading("Started in another browser")
    expect(stranger.page.locator("main").get_by_role("link", name="https://example.org/contact")).to_be_visible()
    assert len(served.store.sessions()) == 1
    console.allow("403")
    person(served).agree("?PROLIFIC_PID={{%25PROLIFIC_PID%25}}").heading("This link is incomplete")


def test_strangers_by_a_link_that_was_not_filled_in_are_two_people(serve, person):
    served = serve(SELECT)
    for _ in range(2):
        person(served).agree("?PROLIFIC_PID=[PROLIFIC_PID]").heading("Instructions")
    assert len(served.store.sessions()) == 2


def test_who_does_not_agree_gets_the_code_of_the_platform(serve, person):
    me = person(serve(SELECT, completion=ENDS)).open()
    me.press("I do not agree")
    me.heading("You chose not to take part")
    assert me.page.get_by_label("Your completion code").inner_text() == "NOCONSENT"
    link = me.page.get_by_role("link", name="Complete the study")
    assert link.get_attribute("href") == "https://example.org/?cc=NOCONSENT"


def test_who_passes_the_quiz_when_no_place_is_left_gets_the_code_for_that(serve, person):
    served = serve(SELECT, completion=ENDS, design={"people_per_batch": 1})
    late = person(served).agree().read()
    person(served).begin().trial(1)
    late.quiz().heading("The study is full")
    assert late.page.get_by_label("Your completion code").inner_text() == "FULL-1"
    later = person(served).open().heading("The study is full")
    assert later.page.get_by_label("Your completion code").inner_text() == "FULL-1"


def test_who_is_sent_on_by_itself_is_told_before(serve, person, hurried):
    served = serve(SELECT, completion={**ENDS, "redirect": True})
    me = person(served)
    me.page.route("https://example.org/**", lambda route: route.fulfill(body="<title>Platform</title>"))
    hurried(me.page, ONWARD=700)
    me.open()
    me.press("I do not agree")
    expect(me.page.get_by_text("You will be taken there in a few seconds.")).to_be_visible()
    me.page.wait_for_url("https://example.org/?cc=NOCONSENT")
