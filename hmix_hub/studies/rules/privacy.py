"""Rules of privacy: nothing that could tell who a participant is (HMX600 to HMX619).

What tells on a person alone is an error: ids of recruiting platforms, addresses, phone numbers, programs' own
descriptions of themselves, dates and times to the minute, columns made for such things, rare demographics. Free text is
a warning, since a program cannot know whether it does; so is what is written into pictures.
"""

from __future__ import annotations

import io

from hmix_hub.studies.rules.changes import ROW, Rows, added, file_added, rows_changed
from hmix_hub.studies.rules.rule import Change, Example, Files, error, warning
from hmix_hub.studies.rules.stimuli import _morph

_PARTICIPANTS = "participants.csv"
_REMARKS = (
    "The frog was easy to see, I think",
    "I could not tell the second picture",
    "My screen is old and rather dark",
)


def _remark(rows: Rows) -> None:
    for number, row in enumerate(rows):
        row["x_remark"] = _REMARKS[number] if number < len(_REMARKS) else ""


def _constant(rows: Rows) -> None:
    for row in rows:
        row["x_question"] = "Which share of each picture did you see?"


def _age(value: str, n: int) -> Change:
    def change(rows: Rows) -> None:
        for row in rows[:n]:
            row["age_group"] = value

    said = f"in participants.csv, the `age_group` of {n} people is `{value}`"
    return rows_changed(said, change, path=_PARTICIPANTS, named=tuple(range(n)))


def _pictured(text: str, *, is_located: bool = False, comment: str = "") -> Change:
    def change(files: Files) -> None:
        _morph(files)
        files["stimuli/tiny.png"] = _picture(is_located=is_located, comment=comment)

    return Change(f"the example study with morphs, each of them a picture {text}", change)


def _picture(*, is_located: bool, comment: str) -> bytes:
    from PIL import ExifTags, Image, PngImagePlugin

    stream, texts, exif = io.BytesIO(), PngImagePlugin.PngInfo(), Image.Exif()
    if comment:
        texts.add_text("Comment", comment)
    if is_located:
        exif[ExifTags.IFD.GPSInfo] = {ExifTags.GPS.GPSLatitudeRef: "N", ExifTags.GPS.GPSLatitude: (51.0, 30.0, 0.0)}
    Image.new("RGB", (2, 2), (128, 128, 128)).save(stream, "PNG", pnginfo=texts, exif=exif)
    return stream.getvalue()


PLATFORM_ID = error(
    "HMX600 platform-id",
    "this looks like an id of a recruiting platform, such as Prolific or Mechanical Turk, which names a person there",
    "`hmix contribute pseudonymize` replaces participant ids; take other columns with platform ids out; give "
    "columns of file digests a name that says so, such as x_image_md5",
    Example(added("x_code", "5f3c9a7e21b04d8896fe0a1b", row=ROW), added("x_code", "61rpt4g7xxz6heg", row=ROW)),
)
EMAIL = error(
    "HMX601 email-address",
    "this looks like an e-mail address",
    "take the column out, or the address out of the text; `hmix contribute pseudonymize` replaces participant ids",
    Example(added("x_note", "ada@example.org", row=ROW), added("x_note", "ada at example.org", row=ROW)),
)
IP_ADDRESS = error(
    "HMX602 ip-address",
    "this looks like an IP address, which leads to a household",
    "take the column out",
    Example(added("x_note", "198.51.100.23", row=ROW), added("x_note", "4.3.2", row=ROW)),
)
MAC_ADDRESS = error(
    "HMX603 mac-address",
    "this looks like the address of a network card, which names a machine",
    "take the column out",
    Example(added("x_note", "00:00:5e:00:53:af", row=ROW), added("x_note", "00:53", row=ROW)),
)
PHONE = error(
    "HMX604 phone-number",
    "this looks like a phone number",
    "take the column out",
    Example(added("x_note", "+44 20 7946 0958", row=ROW), added("x_note", "0.2079460958", row=ROW)),
)
USER_AGENT = error(
    "HMX605 user-agent",
    "this looks like a browser's description of itself, whose details can tell a person from others",
    "take the column out; keep the kind of device or browser alone where it matters",
    Example(
        added("x_browser", "Mozilla/5.0 (X11; Linux x86_64; rv:109.0)", row=ROW), added("x_browser", "Firefox", row=ROW)
    ),
)
COLUMN = error(
    "HMX606 telling-column",
    "by its name, the column holds what tells who a person is",
    "take the column out; where it holds something else, call it something else",
    Example(added("x_email", ""), added("x_filename", "")),
)
EXACT_TIME = error(
    "HMX607 exact-time",
    "this looks like a date or a time of day, by which a person can be found in the logs of a platform",
    "take the column out; study.yaml says when answers were collected, to the month",
    Example(added("x_done", "2022-05-30 14:03", row=ROW), added("x_done", "2022-05", row=ROW)),
)
RARE = error(
    "HMX608 rare-combination",
    "too few people share this combination of demographics, so that those who know them can find them",
    "make the values coarser (age groups in place of ages), or leave cells of these people empty",
    Example(_age("65 and over", 1), _age("65 and over", 12)),
)
FREE_TEXT = warning(
    "HMX609 free-text",
    "the column seems to hold what people wrote in their own words, in which they may tell who they are",
    "read all of it; take the column out, or keep a summary such as a category",
    Example(
        rows_changed("a column `x_remark` with a remark in each of rows 0 to 2", _remark, named=(0, 1, 2)),
        rows_changed("a column `x_question` with the same question in every row", _constant),
    ),
)
FILE_NAME = error(
    "HMX610 telling-file-name",
    "the name of the file holds what tells who a person is, or when they took part",
    "rename the file, or keep it outside the study folder",
    Example(file_added(".5f3c9a7e21b04d8896fe0a1b.json", b"{}\n"), file_added(".batch-7.json", b"{}\n")),
)
PICTURE_METADATA = error(
    "HMX611 picture-metadata",
    "beside its pixels, the picture holds where it was taken, or what looks like an id or address of a person",
    "save the pictures without metadata",
    Example(_pictured("with a latitude", is_located=True), _pictured("without metadata")),
)
PICTURE_TEXT = warning(
    "HMX612 picture-text",
    "beside its pixels, the picture holds texts or dates, which may tell who made it, and when",
    "read them; save the pictures without metadata, unless others need it",
    Example(_pictured("with the comment `A frog`", comment="A frog"), _pictured("without a comment")),
)
