"""Rules for privacy: nothing may identify a participant (HMX600 to HMX612).

Data that identify someone on their own are errors: ids of recruiting platforms, addresses, phone numbers, user agents,
exact dates and times, columns for such data, rare demographics. Free text and text in pictures' metadata are warnings,
since a program cannot tell whether they identify anyone.
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

    said = f"in participants.csv, the `age_group` of {n} participant{'s' if n > 1 else ''} is `{value}`"
    return rows_changed(said, change, path=_PARTICIPANTS, named=tuple(range(n)))


def _pictured(text: str, *, is_located: bool = False, comment: str = "") -> Change:
    def change(files: Files) -> None:
        _morph(files)
        files["stimuli/tiny.png"] = _picture(is_located=is_located, comment=comment)

    return Change(f"the example study with morphs, and each morph's picture has {text}", change)


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
    "this looks like an id from a recruiting platform such as Prolific or Mechanical Turk, which identifies a person",
    "replace participant ids with `hmix contribute pseudonymize`; remove other columns with platform ids; give columns "
    "of file hashes a clear name, such as x_image_md5",
    Example(added("x_code", "5f3c9a7e21b04d8896fe0a1b", row=ROW), added("x_code", "61rpt4g7xxz6heg", row=ROW)),
)
EMAIL = error(
    "HMX601 email-address",
    "this looks like an e-mail address",
    "remove the column or the address; replace participant ids with `hmix contribute pseudonymize`",
    Example(added("x_note", "ada@example.org", row=ROW), added("x_note", "ada at example.org", row=ROW)),
)
IP_ADDRESS = error(
    "HMX602 ip-address",
    "this looks like an IP address, which can identify a household",
    "remove the column",
    Example(added("x_note", "198.51.100.23", row=ROW), added("x_note", "4.3.2", row=ROW)),
)
MAC_ADDRESS = error(
    "HMX603 mac-address",
    "this looks like a MAC address, which identifies a device",
    "remove the column",
    Example(added("x_note", "00:00:5e:00:53:af", row=ROW), added("x_note", "00:53", row=ROW)),
)
PHONE = error(
    "HMX604 phone-number",
    "this looks like a phone number",
    "remove the column",
    Example(added("x_note", "+44 20 7946 0958", row=ROW), added("x_note", "0.2079460958", row=ROW)),
)
USER_AGENT = error(
    "HMX605 user-agent",
    "this looks like a browser's user agent, whose details can single out a person",
    "remove the column; if it matters, keep only the type of device or browser",
    Example(
        added("x_browser", "Mozilla/5.0 (X11; Linux x86_64; rv:109.0)", row=ROW), added("x_browser", "Firefox", row=ROW)
    ),
)
COLUMN = error(
    "HMX606 telling-column",
    "the column's name suggests that it identifies people",
    "remove the column, or rename it if it holds something else",
    Example(added("x_email", ""), added("x_filename", "")),
)
EXACT_TIME = error(
    "HMX607 exact-time",
    "this looks like an exact date or time, which can be matched with a platform's logs",
    "remove the column; study.yaml states the months of data collection",
    Example(added("x_done", "2022-05-30 14:03", row=ROW), added("x_done", "2022-05", row=ROW)),
)
RARE = error(
    "HMX608 rare-combination",
    "too few participants share this combination of demographics, so acquaintances could recognize them",
    "use coarser values (age groups instead of ages), or empty some cells of these participants",
    Example(_age("65 and over", 1), _age("65 and over", 12)),
)
FREE_TEXT = warning(
    "HMX609 free-text",
    "the column seems to contain participants' own words, which may reveal who they are",
    "read every entry; remove the column, or replace it with a summary such as a category",
    Example(
        rows_changed("a column `x_remark` with remarks in rows 0 to 2", _remark, named=(0, 1, 2)),
        rows_changed("a column `x_question` with the same question in every row", _constant),
    ),
)
FILE_NAME = error(
    "HMX610 telling-file-name",
    "the file's name may reveal who a participant is, or when they took part",
    "rename the file, or keep it outside the study folder",
    Example(file_added(".5f3c9a7e21b04d8896fe0a1b.json", b"{}\n"), file_added(".batch-7.json", b"{}\n")),
)
PICTURE_METADATA = error(
    "HMX611 picture-metadata",
    "the picture's metadata contain a location, or what looks like a person's id or address",
    "save the pictures without metadata",
    Example(_pictured("a latitude", is_located=True), _pictured("no metadata")),
)
PICTURE_TEXT = warning(
    "HMX612 picture-text",
    "the picture's metadata contain texts or dates, which may reveal who made it and when",
    "read the metadata; unless others need them, save the pictures without",
    Example(_pictured("the comment `A frog`", comment="A frog"), _pictured("no comment")),
)
