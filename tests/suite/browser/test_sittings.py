"""Several tasks in one sitting, and a second task by a second link, on the screen."""

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect

from hmix_hub.tasks import CONSTRUCT, INFER

SITTING = {"sitting": {"tasks": [CONSTRUCT, INFER]}}


def bar(me):
    """Return how much of the bar of progress is filled, 0 to 1."""
    return me.page.locator("#advance-bar").evaluate("(bar) => bar.value / bar.max")


def read_and_pass(me):
    me.read().quiz()


def answer_part(me, task, part, seen):
    for number in range(1, 5):
        me.ready(f"Trial {number} of 4 · part {part} of 2")
        seen.append(bar(me))
        me.answer(task)


def test_one_way_leads_through_all_parts_to_one_code_and_the_bar_fills_once(serve, person):
    served = serve(CONSTRUCT, INFER, **SITTING)
    me = person(served).agree()
    me.heading("Instructions")
    expect(me.page.locator("#advance-text")).to_have_text("Instructions 1 of 2 · part 1 of 2")
    seen = [bar(me)]
    read_and_pass(me)
    answer_part(me, CONSTRUCT, 1, seen)
    me.heading("Part 2 of 2")
    seen.append(bar(me))
    me.page.reload()
    me.heading("Part 2 of 2")
    me.press("Continue")
    read_and_pass(me)
    answer_part(me, INFER, 2, seen)
    me.heading("Comments")
    seen.append(bar(me))
    me.press("Finish")
    assert me.code()
    seen.append(bar(me))
    assert (seen[0], seen[-1]) == (0, 1)
    assert seen == sorted(set(seen))
    sessions = served.store.sessions()
    assert {(session.task, session.state) for session in sessions} == {(CONSTRUCT, "finished"), (INFER, "finished")}
    assert len({session.sitting for session in sessions}) == 1
    assert len(served.answers(8)) == 8


def test_a_part_that_cannot_be_finished_now_waits_and_shows_no_code(serve, person, console, hurried):
    console.allow("503")
    me = person(serve(CONSTRUCT, INFER, **SITTING))
    hurried(me.page, AWAY=1, FIRST_WAIT=10, LONGEST_WAIT=50)
    me.agree()
    read_and_pass(me)
    me.page.context.route("**/api/session/finish", lambda route: route.fulfill(status=503, json={"error": "away"}))
    answer_part(me, CONSTRUCT, 1, [])
    me.heading("One moment")
    for _ in range(2):
        with me.page.expect_request("**/api/session/finish"):
            pass
    me.heading("One moment")
    me.page.context.unroute("**/api/session/finish")
    me.heading("Part 2 of 2")


def test_who_has_done_one_task_is_told_so_by_a_link_to_another_and_may_begin_it(serve, person):
    served = serve(CONSTRUCT, INFER)
    me = person(served).agree(f"?task={CONSTRUCT}")
    read_and_pass(me)
    code = me.finish(CONSTRUCT)
    expect(me.page.get_by_text("You have already finished one task")).to_have_count(0)
    me.open(f"?task={INFER}")
    me.heading("Thank you")
    expect(me.page.get_by_text("You have already finished one task of this study.")).to_be_visible()
    assert me.code() == code
    me.press("Start the other task")
    read_and_pass(me)
    assert me.finish(INFER) == code
    expect(me.page.get_by_text("You have already finished one task")).to_have_count(0)
    assert [session.part for session in served.store.sessions()] == [0, 1]
    me.page.reload()
    assert me.code() == code


def test_another_task_that_is_full_is_said_and_the_code_stays(serve, person, console):
    console.allow("409")
    served = serve(CONSTRUCT, INFER)
    me = person(served).agree(f"?task={CONSTRUCT}")
    read_and_pass(me)
    code = me.finish(CONSTRUCT)
    served.store.set_closed(True)
    me.open(f"?task={INFER}")
    me.press("Start the other task")
    expect(me.page.locator("#second-fault")).not_to_be_empty()
    assert me.code() == code
