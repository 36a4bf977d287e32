"""While people take part: the study is paused and goes on, and they are told something."""

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect

from hmix_hub.suite.store.news import News
from hmix_hub.tasks import INFER


def test_who_is_at_it_waits_through_a_pause_and_loses_nothing(serve, person, hurried, console):
    console.allow("Failed to load resource")
    served = serve(INFER)
    me = person(served)
    hurried(me.page, PAUSED=100)
    me.begin().trial(1)
    served.store.set_news(News(is_paused=True, message="Back at five."))
    me.answer(INFER)
    me.heading("The study is paused")
    expect(me.page.get_by_text("Back at five.")).to_be_visible()
    assert len(served.answers(1)) == 1
    other = person(served).open()
    other.heading("The study is paused")
    served.store.set_news(News())
    me.trial(2)
    expect(me.page.get_by_text("Back at five.")).to_be_hidden()
    other.press("Try again")
    other.heading("Taking part")
    for number in (2, 3, 4):
        me.trial(number)
        me.answer(INFER)
    me.press("Finish")
    me.code()
    assert len(served.answers(4)) == 4
