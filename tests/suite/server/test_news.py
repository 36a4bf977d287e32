"""A pause and a message: nobody begins, what is under way is stored, and pages that are open hear of it."""

from __future__ import annotations

import pytest
from suite_maker import TASKS

from hmix_hub.errors import CollectionError
from hmix_hub.suite.operator.actions import Message
from hmix_hub.suite.server.app import NEWS_HEADER
from hmix_hub.suite.store.news import News
from hmix_hub.suite.store.store import Store

MARK = NEWS_HEADER.lower()


def test_nobody_begins_while_the_study_is_paused_and_answers_are_stored(served):
    known, new = served.person(), served.person()
    page = known.begin(TASKS[0])[0]
    served.store.set_news(News(is_paused=True))
    told = served.ask("GET", "/api/study").json
    assert (told["state"], told["is_paused"], told["message"]) == ("paused", True, None)
    refused = new.join()
    assert (refused.status, refused.json["error"]) == (409, "paused")
    stored = known.answer(page)
    assert (stored.json, stored.headers[MARK]) == ({"outcome": "stored"}, served.store.news.mark)
    assert known.join().status == 200
    served.store.set_news(News())
    assert MARK not in known.ask("GET", "/api/session").headers
    assert new.join().status == 200


def test_everybody_is_told_and_the_mark_changes_with_what_is_told(served):
    marks = set()
    for news in (News(), News(message="Back at 5."), News(True, "Back at 5."), News(True), News(message="Back at 6.")):
        served.store.set_news(news)
        told = served.ask("GET", "/api/study")
        assert (told.json["is_paused"], told.json["message"]) == (news.is_paused, news.message)
        marks.add(told.headers.get(MARK))
    assert len(marks) == 5


def test_a_closed_study_says_so_also_while_it_is_paused(served):
    served.store.set_news(News(is_paused=True))
    served.store.set_closed(True)
    assert served.ask("GET", "/api/study").json["state"] == "closed"


def test_news_outlive_a_restart(served):
    served.store.set_news(News(True, "Back soon."))
    with Store.open(served.store.folder, read_only=True) as again:
        assert again.news == News(True, "Back soon.")


@pytest.mark.parametrize("text", ["x" * 501, "two\nlines", "a\0b"])
def test_a_message_that_cannot_stand_above_a_page_is_refused(served, text):
    with pytest.raises(CollectionError, match="one line of at most 500"):
        Message(text=text).carry_out(served.store)
    assert served.store.news == News()
