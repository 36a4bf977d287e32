"""Practice with feedback and breaks, on the screen; nothing of either is stored."""

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect
from suite_maker.studies import practice_of

from hmix_hub.tasks import CONSTRUCT, INFER, SELECT


def practise(me, number, task, of=2):
    me.ready(f"Practice {number} of {of}")
    me.answer(task)
    me.heading("About your answer")
    expect(me.page.get_by_text(f"So it is, {number}.")).to_be_visible()


@pytest.mark.parametrize("task", [INFER, SELECT])
def test_practice_comes_after_the_quiz_with_feedback_and_is_never_stored(serve, person, task):
    served = serve(task, design={"practice": practice_of(task)})
    sent = []
    me = person(served)
    me.page.on("request", lambda request: sent.append(request.url) if "/trials/" in request.url else None)
    me.begin_by_hand()
    practise(me, 1, task)
    # All eleven pictures of a grid say nothing about the one that was chosen.
    expect(me.page.locator(".single img")).to_have_count(0 if task == SELECT else 1)
    me.press("Next")
    practise(me, 2, task)
    expect(me.page.get_by_text("From now on, your answers count.")).to_be_visible()
    assert sent == []
    me.press("Begin")
    me.finish(task)
    assert [row["trial_index"] for row in served.answers(4)] == [6, 7, 8, 9]


def test_practice_that_was_left_goes_on_where_it_was_and_is_over_once_a_trial_is_answered(serve, person):
    me = person(serve(CONSTRUCT, design={"practice": practice_of(CONSTRUCT)})).begin()
    practise(me, 1, CONSTRUCT)
    me.press("Next")
    me.page.reload()
    practise(me, 2, CONSTRUCT)
    me.press("Begin")
    me.trial(1)
    me.page.reload()
    me.trial(1)
    me.answer(CONSTRUCT)
    me.trial(2)
    # As in another browser.
    me.page.evaluate("for (const key in localStorage) if (key.endsWith('.page')) localStorage.removeItem(key)")
    me.page.reload()
    me.trial(2)


@pytest.mark.parametrize(
    ("text", "said"), [({"text": "Stretch your legs."}, "Stretch your legs."), ({}, "You have done 2 of 4.")]
)
def test_a_break_comes_after_so_many_trials_and_once(serve, person, text, said):
    served = serve(CONSTRUCT, design={"breaks": {"every": 2, **text}})
    me = person(served).begin()
    for number in (1, 2):
        me.trial(number)
        me.answer(CONSTRUCT)
    me.heading("Time for a break")
    expect(me.page.get_by_text(said)).to_be_visible()
    me.page.reload()
    me.heading("Time for a break")
    me.press("Continue")
    me.trial(3)
    me.page.reload()
    me.trial(3)
    for number in (3, 4):
        me.trial(number)
        me.answer(CONSTRUCT)
    me.heading("Comments")
    # The break has a place of the timeline, 6.
    assert [row["trial_index"] for row in served.answers(4)] == [4, 5, 7, 8]
