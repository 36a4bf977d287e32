"""No answer is lost: reloads, a killed server, a server that stays away, a browser that keeps nothing."""

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect
from suite.browser.collection import Process, study_file, write_study

from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER, SELECT

AWAY = r"Failed to load resource|ERR_CONNECTION"
NO_STORAGE = "Object.defineProperty(window, 'localStorage', { get() { throw new Error('SecurityError'); } });"
SAVED = "Saved"


def test_a_reload_goes_on_at_the_same_screen(serve, person):
    served = serve(SELECT)
    me = person(served).open()

    def reload(heading):
        me.heading(heading)
        me.page.reload()
        me.heading(heading)

    reload("Taking part")
    me.press("I agree to take part")
    reload("Instructions")
    me.press("Next")
    expect(me.page.locator("#advance-text")).to_have_text("Instructions 2 of 2")
    me.page.reload()
    expect(me.page.locator("#advance-text")).to_have_text("Instructions 2 of 2")
    me.press("Next")
    reload("A few questions about the instructions")
    me.quiz("Nothing", "No")
    reload("Not quite right yet")
    me.press("Read the instructions again")
    expect(me.page.locator("#advance-text")).to_have_text("Instructions 1 of 2")
    me.read().quiz()
    for number in (1, 2, 3, 4):
        me.trial(number)
        me.page.reload()
        me.trial(number)
        me.answer(SELECT)
    me.heading("Comments")
    me.page.get_by_role("textbox").fill("half a thought")
    me.page.get_by_role("textbox").blur()
    reload("Comments")
    expect(me.page.get_by_role("textbox")).to_have_value("half a thought")
    me.press("Finish")
    code = me.code()
    me.page.reload()
    assert me.code() == code
    assert len(served.answers(4)) == 4
    assert len(served.store.sessions()) == 1


def test_an_answer_that_waits_survives_a_reload(serve, person, console):
    console.allow(AWAY)
    served = serve(SELECT)
    me = person(served).begin()
    me.trial(1)
    me.page.context.route("**/api/session/trials/*", lambda route: route.abort())
    me.answer(SELECT)
    me.trial(2)
    expect(me.status()).to_contain_text("1 answer is kept in this browser")
    me.page.reload()
    me.trial(2)
    me.answer(SELECT)
    me.trial(3)
    expect(me.status()).to_contain_text("2 answers are kept in this browser")
    assert served.answers() == []
    me.page.context.unroute("**/api/session/trials/*")
    me.page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(me.status()).to_have_text(SAVED)
    assert [row["trial_index"] for row in served.answers(2)] == [4, 5]


def test_a_server_killed_in_the_middle_of_a_trial_loses_nothing(tmp_path, person, console, hurried):
    console.allow(AWAY)
    write_study(tmp_path, study_file(CONSTRUCT))
    process = Process(tmp_path)
    me = person(process)
    hurried(me.page, LONGEST_WAIT=500)
    me.begin()
    me.trial(1)
    me.answer(CONSTRUCT)
    me.trial(2)
    expect(me.status()).to_have_text(SAVED)
    # The pictures of the next trial are here before the server is away.
    me.page.wait_for_load_state("networkidle")
    me.page.keyboard.press("g")
    process.kill()
    me.page.keyboard.press("g")
    me.press("Submit")
    me.trial(3)
    expect(me.status()).to_contain_text("No connection")
    me.answer(CONSTRUCT)
    process.start()
    expect(me.status()).to_have_text(SAVED, timeout=15_000)
    me.trial(4)
    me.answer(CONSTRUCT)
    me.heading("Comments")
    me.press("Finish")
    assert me.code()
    process.kill()
    answers = process.answers()
    assert [row["trial_index"] for row in answers] == [4, 5, 6, 7]
    assert [position for _, position in answers[1]["answer"]["path"]] == [9, 8, 7]


def test_a_server_that_stays_away_at_the_end(serve, person, console, hurried):
    console.allow(AWAY)
    served = serve(INFER)
    me = person(served)
    hurried(me.page, AWAY=600, LONGEST_WAIT=400)
    me.begin()
    for number in (1, 2, 3):
        me.trial(number)
        me.answer(INFER)
    me.trial(4)
    served.stop()
    me.answer(INFER)
    me.press("Finish")
    me.heading("Your answers are safe")
    (session,) = served.store.sessions()
    assert session.state == "live"
    assert me.page.get_by_label("Your completion code").inner_text() == served.store.key.fallback_code(session.id)
    expect(me.status()).to_contain_text("1 answer is kept")
    served.start()
    assert me.code() == served.store.key.completion_code(session.id)
    assert len(served.answers(4)) == 4
    assert me.page.get_by_role("link", name="Complete the study").get_attribute("href") == (
        f"https://example.org/done?code={me.code()}"
    )


def test_a_full_disk_is_waited_for(serve, person, console, hurried):
    console.allow("503")
    served = serve(SELECT)
    me = person(served)
    hurried(me.page, LONGEST_WAIT=300)
    me.begin()
    me.trial(1)
    refusal = {"status": 503, "json": {"error": "store_full", "message": "The disk is full."}}
    me.page.context.route("**/api/session/trials/*", lambda route: route.fulfill(**refusal))
    me.answer(SELECT)
    expect(me.status()).to_contain_text("1 answer is kept")
    me.page.context.unroute("**/api/session/trials/*")
    expect(me.status()).to_have_text(SAVED)
    assert len(served.answers(1)) == 1


def test_two_tabs_are_told_and_either_may_go_on(serve, person, hurried):
    served = serve(SELECT)
    me = person(served).begin()
    me.trial(1)
    hurried(me.page, LISTEN=200)
    other = type(me)(me.page.context.new_page(), me.address).open()
    other.heading("Already open in another tab")
    me.page.bring_to_front()
    me.answer(SELECT)
    me.trial(2)
    other.page.bring_to_front()
    other.press("Use this tab instead")
    other.trial(2)
    me.heading("Continued in another tab")
    other.answer(SELECT)
    other.trial(3)
    me.page.bring_to_front()
    me.press("Use this tab instead")
    me.trial(3)
    other.heading("Continued in another tab")
    assert [row["trial_index"] for row in served.answers(2)] == [4, 5]


def test_a_browser_that_keeps_nothing_goes_on_after_a_reload(serve, person):
    served = serve(CATEGORICAL)
    me = person(served)
    me.page.context.add_init_script(NO_STORAGE)
    me.agree()
    me.heading("Instructions")
    expect(me.page.get_by_text("Your browser cannot save anything for this page.")).to_be_visible()
    assert "#session=" in me.page.url
    me.press("Next")
    me.page.reload()
    expect(me.page.locator("#advance-text")).to_have_text("Instructions 2 of 2")
    me.press("Next")
    me.quiz()
    me.trial(1)
    me.answer(CATEGORICAL)
    me.trial(2)
    address = me.page.url
    me.page.reload()
    me.trial(2)
    me.page.close()
    me.page = me.page.context.new_page()
    me.page.goto(address)
    me.trial(2)
    for number in (2, 3, 4):
        me.trial(number)
        me.answer(CATEGORICAL)
    me.press("Finish")
    assert me.code()
    assert len(served.answers(4)) == 4


def test_a_second_click_and_a_held_key_answer_nothing_twice(serve, person):
    served = serve(INFER, is_awake=False, design={"must_touch": False})
    me = person(served).begin()
    me.trial(1)
    me.page.get_by_role("button", name="Submit").dblclick()
    me.trial(2)
    expect(me.page.get_by_role("button", name="Submit")).to_be_enabled()
    me.page.get_by_role("button", name="Submit").focus()
    for _ in range(6):
        me.page.keyboard.down("Enter")
        me.page.wait_for_timeout(60)
    me.page.keyboard.up("Enter")
    me.trial(3)
    expect(me.status()).to_have_text(SAVED)
    assert [row["trial_index"] for row in served.answers(2)] == [4, 5]


def test_the_recruiting_id_leaves_the_address_and_makes_the_session(serve, person):
    served = serve(SELECT, recruiting={"required": True})
    me = person(served).open("?PROLIFIC_PID=abc123&task=select_shuffled_midpoint&SESSION_ID=of_this_visit")
    me.heading("Taking part")
    assert me.page.url == f"{served.address}/?task=select_shuffled_midpoint"
    me.page.reload()
    me.press("I agree to take part")
    me.heading("Instructions")
    assert len(served.store.sessions()) == 1
    me.open("?PROLIFIC_PID=another").heading("Taking part")
    me.press("I agree to take part")
    me.heading("Instructions")
    assert len(served.store.sessions()) == 2
    stranger = person(served).open()
    stranger.heading("This link is incomplete")


def test_withdrawing_deletes_here_and_there(serve, person, console):
    console.allow(AWAY)
    served = serve(SELECT)
    me = person(served).begin()
    me.trial(1)
    me.answer(SELECT)
    me.trial(2)
    assert len(served.answers(1)) == 1
    me.press("Withdraw")
    me.press("Stay in the study")
    me.trial(2)
    me.press("Withdraw")
    me.page.context.set_offline(True)
    me.press("Withdraw and delete")
    expect(me.page.get_by_text("so nothing has been deleted yet")).to_be_visible()
    assert len(served.answers(1)) == 1
    me.page.context.set_offline(False)
    me.press("Withdraw and delete")
    me.heading("You have withdrawn")
    assert served.answers() == []
    assert served.store.sessions() == []
    assert me.page.evaluate("Object.keys(localStorage)") == []
    me.page.reload()
    me.heading("Taking part")
