"""Names of pictures: what stands for an index in a judgment file, however it is written."""

from __future__ import annotations

import time

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmix_hub.studies.picture_names import SEVERAL, UNLISTED, PictureNames

LISTED = ("cats/cat7.png", "dogs/Dog1.JPG", "dogs/0.png", "cats/0.png", "none", "n.a.png")


@pytest.mark.parametrize(
    ("written", "index"),
    [
        ("cats/cat7.png", 0),
        ("CATS/Cat7.png", 0),
        ("cat7.png", 0),
        (r"D:\study 2\pictures\cat7.PNG", 0),
        ("https://example.org/stimuli/dog1.jpg", 1),
        ("./dog1", 1),
        ("cat7.jpeg", 0),
        ("none", 4),
        ("n.a", 5),
        ("0.png", SEVERAL),
        ("0", SEVERAL),
        ("dogs/0.png", 2),
        ("cow.png", UNLISTED),
        ("", UNLISTED),
        (None, UNLISTED),
    ],
)
def test_a_name_is_found_by_the_strictest_form_that_one_picture_has(written, index):
    assert PictureNames(LISTED).find(pa.array([written], pa.string())).indices.tolist() == [index]


def test_an_accent_is_the_same_however_it_is_written():
    as_a_mac_writes_it = "cafe\u0301.png"
    assert PictureNames(["caf\u00e9.png"]).find(pa.array([as_a_mac_writes_it, "cafe.png"])).indices.tolist() == [0, -1]
    both = PictureNames(["caf\u00e9.png", as_a_mac_writes_it])
    assert both.find(pa.array([as_a_mac_writes_it, "CAF\u00c9.png"])).indices.tolist() == [1, SEVERAL]


def test_a_picture_that_is_listed_twice_under_one_name_is_not_one():
    found = PictureNames(["a.png", "a.png", "b.png"]).find(pa.array(["a.png", "b.png"]))
    assert found.indices.tolist() == [SEVERAL, 2]


def test_only_names_as_they_are_listed_count_as_such():
    found = PictureNames(LISTED).find(pa.array(["cats/cat7.png", "cat7.png", "cow.png"]))
    assert found.is_as_listed.tolist() == [True, False, False]


def test_names_are_written_as_they_are_listed_where_one_picture_is_meant():
    names = ["CAT7", "dogs/0.png", "0.png", "cow", ""]
    assert PictureNames(LISTED).as_listed(names) == ["cats/cat7.png", "dogs/0.png", "0.png", "cow", ""]


def test_the_names_that_a_text_may_stand_for_are_told():
    assert PictureNames(LISTED).several("other/0.png") == ["dogs/0.png (row 2)", "cats/0.png (row 3)"]
    assert PictureNames(["a.png", "b.png", "a.png"]).several("a.png") == ["a.png (row 0)", "a.png (row 2)"]


@pytest.mark.parametrize("written", ["cat8.png", "cats/cta7.png", "cats-cat7.png"])
def test_the_nearest_name_is_offered(written):
    assert "cats/cat7.png" in PictureNames(LISTED).nearest(written)


def test_of_a_name_like_no_other_the_number_of_files_is_told():
    assert PictureNames(LISTED).nearest("zzzzzzzz").startswith("6 files are listed, such as cats/cat7.png")


NAMES = st.lists(st.text("abcdefgh.", min_size=1, max_size=9).map(lambda stem: f"{stem}_.png"), min_size=1, unique=True)


@given(names=NAMES, data=st.data())
def test_every_listed_name_finds_its_own_index_in_any_order(names, data):
    order = data.draw(st.permutations(range(len(names))))
    texts = pa.array([names[index] for index in order])
    assert PictureNames(names).find(texts).indices.tolist() == order


@given(names=NAMES)
def test_folders_and_capitals_do_not_matter_where_names_differ_beyond_them(names):
    found = PictureNames(names).find(pa.array([f"C:\\lab\\{name.upper()}" for name in names]))
    assert found.indices.tolist() == list(range(len(names)))


def test_ten_times_as_many_names_take_about_ten_times_as_long():
    def seconds(n):
        names = PictureNames([f"folder/{number:06}.png" for number in range(n)])
        texts = pa.array([f"{number % n:06}.PNG" for number in range(3 * n)])
        began = time.process_time()
        indices = names.find(texts).indices
        taken = time.process_time() - began
        assert (indices == [number % n for number in range(3 * n)]).all()
        return taken

    # Compared one by one, it would be a hundred times.
    assert seconds(50_000) < 50 * min(seconds(5_000) for _ in range(3))


def test_the_nearest_of_a_million_names_is_found_without_comparing_all():
    names = PictureNames([f"n{number % 977}/{number:07}.jpg" for number in range(200_000)])
    began = time.process_time()
    assert [f"n{number}/" in names.nearest(f"n{number}/{number:07}.jpx") for number in range(100)] == [True] * 100
    # Processor time, since other programs make no difference to it.
    assert time.process_time() - began < 30
