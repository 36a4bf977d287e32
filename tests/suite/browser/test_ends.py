"""Ends and second beginnings: time that is over, replies that are lost, a next person, a paint that fails."""

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect
from suite.browser.collection import QUIZ

from hmix_hub.tasks import CONSTRUCT, INFER, SELECT

NEXT_PERSON = "Start for the next person on this computer"
# Pictures stand on the page without any extent, until `delete HTMLImageElement.prototype.clientWidth`.
UNPAINTED = "Object.defineProperty(HTMLImageElement.prototype, 'clientWidth', { configurable: true, get: () => 0 });"


@pytest.fixture
def at_comments(serve, person):
    """Let somebody answer every trial."""

    def come(**more):
        served = serve(INFER, design={"must_touch": False}, **more)
        me = person(served).begin()
        for number in (1, 2, 3, 4):
            me.trial(number)
            me.press("Submit")
        me.heading("Comments")
        served.answers(4)
        return served, me

    return come


def lose_reply(me, address):
    """Let one request reach the server, and not its reply."""

    def lose(route):
        route.fetch()
        route.abort()

    me.page.context.route(address, lose, times=1)


def test_whose_answers_are_all_held_finishes_after_the_time_is_over(at_comments, monkeypatch):
    served, me = at_comments()
    monkeypatch.setattr(served.store, "is_expired", lambda _session: True)
    me.page.reload()
    me.heading("Comments")
    me.press("Finish")
    (session,) = served.store.sessions()
    assert me.code() == served.store.key.completion_code(session.id)


def test_whose_answers_are_missing_when_the_time_is_over_has_the_fallback_code(serve, person, monkeypatch):
    served = serve(SELECT)
    me = person(served).begin()
    me.trial(1)
    me.answer(SELECT)
    me.trial(2)
    served.answers(1)
    monkeypatch.setattr(served.store, "is_expired", lambda _session: True)
    me.page.reload()
    me.heading("Your time has run out")
    expect(me.page.get_by_text("The answers you gave have been kept.")).to_be_visible()
    (session,) = served.store.sessions()
    assert me.page.get_by_label("Your completion code").inner_text() == served.store.key.fallback_code(session.id)
    expect(me.page.get_by_role("button", name="Submit")).to_have_count(0)


@pytest.fixture
def lost(serve, person, console):
    """Let the reply to the first attempt at the quiz be lost, and the person answer otherwise then."""

    def lose(first, second, attempts=5):
        console.allow("Failed to load resource")
        served = serve(SELECT, design={"quiz": {"questions": QUIZ, "attempts": attempts}})
        served.expects_aside = True
        me = person(served).agree().read()
        lose_reply(me, "**/api/session/quiz/1")
        me.quiz(first, "No")
        expect(me.page.locator("#quiz-fault")).to_contain_text("The server cannot be reached.")
        return served, me.quiz(second, "No")

    return lose


def test_a_quiz_failed_by_a_reply_that_was_lost_reads_again(lost):
    served, me = lost("One picture", "A mixture of two")
    me.heading("Not quite right yet")
    me.press("Read the instructions again")
    me.read().quiz()
    me.trial(1)
    assert served.store.sessions()[0].quiz_attempts == 2


def test_a_last_attempt_whose_reply_was_lost_ends_the_session(lost):
    _, me = lost("One picture", "A mixture of two", attempts=1)
    me.heading("The study ends here")


def test_a_quiz_passed_by_a_reply_that_was_lost_goes_on(lost):
    served, me = lost("A mixture of two", "Nothing")
    me.trial(1)
    assert served.store.sessions()[0].quiz_attempts == 1


def test_the_next_person_begins_at_consent(at_comments, hurried):
    served, me = at_comments()
    me.press("Finish")
    first = me.code()
    hurried(me.page, LISTEN=200)
    other = type(me)(me.page.context.new_page(), me.address).open()
    other.heading("Already open in another tab")
    other.page.close()
    expect(me.page.get_by_role("button", name="Withdraw")).to_be_visible()
    me.press(NEXT_PERSON)
    me.heading("Taking part")
    expect(me.page.get_by_text(first)).to_have_count(0)
    expect(me.page.get_by_role("button", name="Withdraw")).to_have_count(0)
    me.begin_by_hand()
    for number in (1, 2, 3, 4):
        me.trial(number)
        me.press("Submit")
    me.press("Finish")
    codes = [served.store.key.completion_code(session.id) for session in served.store.sessions()]
    assert codes == [first, me.code()]


def test_no_next_person_while_an_answer_waits(at_comments, console):
    console.allow("Failed to load resource")
    served, me = at_comments()
    me.press("Finish")
    me.code()
    me.page.context.route("**/api/session/trials/*", lambda route: route.abort())
    me.page.evaluate("""() => {
        const key = Object.keys(localStorage).find((name) => name.endsWith('.token'));
        localStorage.setItem(key.replace(/token$/, `answer.${localStorage[key]}.4`), '{}');
    }""")
    me.page.reload()
    me.code()
    expect(me.page.get_by_role("button", name=NEXT_PERSON)).to_have_count(0)
    assert len(served.store.sessions()) == 1


def test_an_id_of_a_recruiting_platform_tells_people_apart(at_comments):
    _, me = at_comments()
    me.open("?PROLIFIC_PID=abc123").heading("Comments")
    me.press("Finish")
    me.code()
    expect(me.page.get_by_role("button", name=NEXT_PERSON)).to_have_count(0)


def test_a_session_that_ended_meanwhile_says_so_at_the_end(at_comments, console):
    console.allow("409")
    served, me = at_comments()
    served.store.leave(served.store.sessions()[0].id).result(10)
    me.press("Finish")
    me.heading("The study ends here")


@pytest.mark.parametrize("error", ["quiz_not_passed", "refused"])
def test_an_end_that_is_refused_goes_by_the_fresh_view(at_comments, console, error):
    console.allow("409")
    _, me = at_comments()

    def unlearn(route):
        response = route.fetch()
        route.fulfill(response=response, json=response.json() | {"quiz": {"attempts_made": 1, "passed": False}})

    refusal = {"status": 409, "json": {"error": error, "message": "Not now."}}
    me.page.context.route("**/api/session/finish", lambda route: route.fulfill(**refusal), times=1)
    if error == "quiz_not_passed":
        me.page.context.route("**/api/session", unlearn, times=1)
    me.press("Finish")
    if error == "quiz_not_passed":
        me.heading("Instructions")
    else:
        assert me.code()


def test_a_first_paint_that_fails_is_not_in_the_path(serve, person):
    served = serve(CONSTRUCT)
    me = person(served)
    me.page.context.add_init_script(UNPAINTED)
    me.begin()
    expect(me.page.get_by_text("A picture could not be loaded.")).to_be_visible()
    me.page.keyboard.press("g")
    me.page.evaluate("() => { delete HTMLImageElement.prototype.clientWidth; }")
    me.press("Load again")
    me.trial(1)
    me.page.keyboard.press("h")
    me.press("Submit")
    (row,) = served.answers(1)
    assert [position for _, position in row["answer"]["path"]] == [9, 10]
    assert row["answer"]["path"][0] == [0, 9]
