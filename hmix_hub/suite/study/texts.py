"""Texts that people read: the interface's own words, and what no text may hold, since texts are plain."""

from __future__ import annotations

import re
from html.entities import html5

from hmix_hub.suite.study.model import StudyFile
from hmix_hub.suite.tasks import SUITE_TASKS

_ELEMENT_NAMES = """
    a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink blockquote body
    br button canvas caption center cite code col colgroup command content data datalist dd del details dfn dialog dir
    div dl dt em embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup
    hr html i iframe image img input ins isindex kbd keygen label legend li link listing main map mark marquee math menu
    menuitem meta meter nav nobr noembed noframes noscript object ol optgroup option output p param picture plaintext
    portal pre progress q rb rp rt rtc ruby s samp script search section select shadow slot small source spacer span
    strike strong style sub summary sup svg table tbody td template textarea tfoot th thead time title tr track tt u ul
    var video wbr xmp
"""
_ELEMENTS = frozenset(_ELEMENT_NAMES.split())
_SWITCH_NAMES = """
    allowfullscreen async autofocus autoplay checked controls default defer disabled formnovalidate hidden inert ismap
    itemscope loop multiple muted nomodule novalidate open playsinline readonly required reversed selected
"""
_NAME = "[A-Za-z][A-Za-z0-9:-]*"
_SWITCHES = rf"(?:\s+(?i:{'|'.join(_SWITCH_NAMES.split())}))*"
"""Attributes that need no value; any other word behind a name, as in `a<b and b>a`, makes no tag."""
_TAG = re.compile(rf"<({_NAME}){_SWITCHES}(\s*)>")
_CLOSING = re.compile(rf"</{_NAME}\s*>|<{_NAME}\s*/>")
_ATTRIBUTE = re.compile(rf"<{_NAME}{_SWITCHES}\s+[A-Za-z_:@][\w:.@-]*\s*=\s*[\"'\w](?:[^<>]*>)?")
_OTHER = re.compile(r"<!--|-->|<!(?i:doctype|\[cdata)|<\?(?i:xml|php)")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{0,40});")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def markup_in(text: str) -> list[str]:
    """Find the markup of a text that should be plain.

    Returns
    -------
    list of str
        HTML tags, comments and entities, as they stand there, in order. What only looks like it is no markup:
        `<Please click`, `a<b and b>a`, `AT&T`.
    """
    found: list[tuple[int, int]] = []
    for tag in _TAG.finditer(text):
        name, space = tag.groups()
        # `a <b > c` compares.
        if name.lower() in _ELEMENTS and not (space and len(name) == 1):
            found.append(tag.span())
    found += [match.span() for pattern in (_CLOSING, _ATTRIBUTE, _OTHER) for match in pattern.finditer(text)]
    entities = _ENTITY.finditer(text)
    found += [match.span() for match in entities if match[0].startswith("&#") or match[0][1:] in html5]
    apart: list[str] = []
    reached = 0
    for start, end in sorted(found, key=lambda span: (span[0], -span[1])):
        if start >= reached:
            apart.append(text[start:end])
            reached = end
    return apart


def control_in(text: str) -> str | None:
    """Return the first control character of a text, other than tabs and line ends, as U+0007; `None`: there is none."""
    found = _CONTROL.search(text)
    return None if found is None else f"U+{ord(found.group()):04X}"


WORDS: dict[str, str] = {
    # Consent
    "consent_heading": "Taking part",
    "consent_version": "Consent form, version {version}",
    "consent_changed": "The consent form has changed. Please read it again.",
    "agree": "I agree, begin",
    "decline": "I do not agree",
    "declined_heading": "You do not take part",
    "declined_text": "Nothing was stored. You may close this page.",
    "read_again": "Read the consent form again",
    # Instructions and quiz
    "instructions_heading": "Instructions",
    "instructions_number": "Instructions {number} of {of}",
    "example": "Example {number}",
    "example_picture": "Example picture {number} of {of}",
    "next": "Next",
    "back": "Back",
    "start": "Start",
    "quiz_heading": "A few questions about the instructions",
    "quiz_text": "Please choose one answer to each question.",
    "quiz_open": "Please choose an answer.",
    "quiz_check": "Check my answers",
    "wrong_heading": "Not quite yet",
    "wrong_text": "Not everything was answered as the instructions say. Please read the instructions again.",
    "wrong_again": "Read the instructions again",
    "failed_quiz_heading": "The study ends here",
    "failed_quiz_text": "The questions about the instructions were not answered as needed. Thank you for your time.",
    # Trials
    "trial_number": "Trial {number} of {of}",
    "picture": "The picture in question",
    "picture_failed": "A picture could not be loaded. Nothing is lost; please check your connection and try again.",
    "picture_again": "Load again",
    "submit": "Submit",
    "not_set": "not set",
    "slider_open": "Please set this slider. To leave it in the middle, click or tap there, or press the space bar.",
    **{name: text for task in SUITE_TASKS.values() for name, text in task.words.items()},
    # Comments and the end
    "comments_heading": "Comments",
    "comments_hint": "You need not write anything. Please write nothing that says who you are.",
    "comments_done": "Finish",
    "finishing_heading": "One moment",
    "finishing_text": "Your last answers are being saved. Please keep this page open.",
    "end_heading": "Thank you",
    "code": "Your completion code",
    "copy": "Copy",
    "copied": "Copied",
    "end_link": "Complete the study",
    "next_person": "Another person at this computer",
    "fallback_heading": "Your answers are kept",
    "fallback_text": "The server cannot be reached just now. If you cannot wait, this code shows that you are done:",
    "fallback_later": "Your answers are kept in this browser and sending goes on. Please leave this page open.",
    # Saving
    "all_saved": "All answers saved",
    "saving": "Saving…",
    "waiting_one": "1 answer waiting to be sent; please keep this page open",
    "waiting_many": "{count} answers waiting to be sent; please keep this page open",
    "failing_one": "No connection. 1 answer is kept in this browser until it can be sent; please keep this page open",
    "failing_many": "No connection. {count} answers are kept in this browser until they can be sent; "
    "please keep this page open",
    "no_storage": "Your browser keeps nothing for this page. Please do not close this tab before you are done.",
    "trial_run": "This is a trial run: answers are not part of a study.",
    # Withdrawing
    "withdraw": "Withdraw",
    "withdraw_heading": "Withdraw from the study?",
    "withdraw_text": "Everything that you have answered is deleted. This cannot be undone.",
    "withdraw_stay": "Stay in the study",
    "withdraw_leave": "Withdraw and delete",
    "withdraw_failed": "The server cannot be reached, so nothing was deleted yet. Please try again.",
    "withdrawn_heading": "You have withdrawn",
    "withdrawn_text": "All your answers are deleted. You may close this page.",
    # Reasons to stop or to wait
    "full_heading": "The study is full",
    "full_text": "Enough people take part already. Thank you for your interest.",
    "closed_heading": "The study is closed",
    "closed_text": "Nobody can begin any more. Thank you for your interest.",
    "id_missing_heading": "The address is incomplete",
    "id_missing_text": "Please open this page by the link that you were given.",
    "expired_heading": "The time is over",
    "expired_text": "This session can no longer be continued. What you have answered is kept. "
    "This code shows that you took part:",
    "unknown_heading": "This session is not known",
    "unknown_text": "The server does not know this session any more. Please tell the people who run the study.",
    "start_again": "Begin anew",
    "elsewhere_heading": "Open in another tab",
    "elsewhere_text": "This study is already open in another tab or window. Please go on there, or use this one.",
    "taken_text": "You go on in another tab or window. Nothing is lost; you may close this one.",
    "taken_heading": "Open in another tab",
    "use_this_tab": "Use this tab instead",
    "unreachable_heading": "No connection",
    "unreachable_text": "The server cannot be reached. Please check your connection and try again.",
    "try_again": "Try again",
    "broken_heading": "Something went wrong",
    "broken_text": "The page made a mistake. Your answers are kept; please load the page again to go on.",
    "reload": "Load again",
}
"""All words, by name; what stands in braces is filled in on the page."""


def words_of(study: StudyFile) -> dict[str, str]:
    """Return all words of a study: its own, and the English defaults of what it leaves out."""
    return WORDS | study.words


def placeholders(text: str) -> frozenset[str]:
    """Name what is filled in: the names in braces."""
    return frozenset(re.findall(r"\{(\w*)\}", text))
