"""Planters of what gives people away."""

from __future__ import annotations

import io
import random

from PIL import Image, PngImagePlugin

from study_generator.planting import plants, some_row
from study_generator.study import Study

_REMARKS = (
    "The frog was easy to see",
    "I could not tell the second one",
    "My screen is old and rather dark",
    "Ich sah vor allem einen Hund",
)


def _told(code: str, *texts: str) -> None:
    """Register a planter that puts one of these texts into a column of the study's own."""

    @plants(code)
    def plant(study: Study, rng: random.Random) -> list[int]:
        row = some_row(study, rng)
        study.add_column("x_note", {row: rng.choice(texts)})
        return [row]


_told(
    "HMX600",
    "5f3c9a7e21b04d8896fe0a1b",
    "id 5f3c9a7e21b04d8896fe0a1b",
    "A2SUAM1J3GNN3B",
    "a2suam1j3gnn3b",
    "R_1aBcD2eFgH3iJkL",
    "3A1B2C3D4E5F6G7H8I9J0K1L2M3N4P",
    "123e4567-e89b-42d3-a456-426614174000",
)
_told("HMX601", "ada@example.org", "ask ada.l@mail.example.co", "<a+b@example.org>")
_told("HMX602", "198.51.100.23", "from 198.51.100.23.", "2001:db8:0:1:2:3:4:5", "fe80::1")
_told("HMX603", "00:00:5e:00:53:af", "00-00-5E-00-53-AF")
_told("HMX604", "+44 20 7946 0958", "call (0)20 or +1 555 010 9999", "020 7946 0958")
_told("HMX605", "Mozilla/5.0 (X11; Linux x86_64; rv:109.0)", "Opera/9.80")
_told("HMX607", "2022-05-30 14:03", "30.05.2022", "May 30, 2022", "05/30/2022", "2021_Mar_05_1412")


@plants("HMX606")
def _column(study: Study, rng: random.Random) -> None:
    study.add_column(rng.choice(["x_email", "x_ip_address", "x_surname", "x_prolific_pid"]), {0: "a"})


@plants("HMX608", has_participants=True, fewest_people=7)
def _rare(study: Study, rng: random.Random) -> list[int]:
    for person in study.people:
        person["age_group"] = "18-29"
    row = rng.randrange(len(study.people))
    study.people[row]["age_group"] = "65 and over"
    return [row]


@plants("HMX609", fewest_people=3, fewest_trials=2)
def _remarks(study: Study, rng: random.Random) -> list[int]:
    rows = sorted(rng.sample(range(len(study.rows)), 3))
    study.add_column("x_remark", dict(zip(rows, rng.sample(_REMARKS, 3), strict=True)))
    return rows


@plants("HMX610")
def _file_name(study: Study, rng: random.Random) -> None:
    study.files[rng.choice([".5f3c9a7e21b04d8896fe0a1b.json", ".ada@example.org.txt"])] = b"{}\n"


def _write_into_a_picture(study: Study, rng: random.Random, **options: object) -> None:
    name = rng.choice([name for name in study.files if name.endswith(".png")])
    stream = io.BytesIO()
    Image.open(io.BytesIO(study.files[name])).save(stream, "PNG", **options)
    study.files[name] = stream.getvalue()


@plants("HMX611", sources=("own",))
def _picture_metadata(study: Study, rng: random.Random) -> None:
    exif, texts = Image.Exif(), PngImagePlugin.PngInfo()
    if rng.random() < 0.5:
        exif[34853] = {1: "N", 2: (51.0, 30.0, 0.0)}
    else:
        texts.add_text("Author", rng.choice(["ada@example.org", "+44 20 7946 0958"]), zip=rng.random() < 0.5)
    _write_into_a_picture(study, rng, exif=exif, pnginfo=texts)


@plants("HMX612", sources=("own",))
def _picture_text(study: Study, rng: random.Random) -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt("Description", rng.choice(["Ein schöner Frosch", "2022-05-30 14:03"]), zip=rng.random() < 0.5)
    _write_into_a_picture(study, rng, pnginfo=texts)
