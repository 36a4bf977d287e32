import hashlib
import os
import pickle
import shutil
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from picture_files import PIXELS, RNG, write_list
from PIL import Image

from hmix_hub.errors import SchemaError, SourceError, SourceMissingError
from hmix_hub.sources import picture_folder, picture_list
from hmix_hub.sources.image_sets import open_image_set
from hmix_hub.sources.picture_folder import open_picture_folder
from hmix_hub.sources.picture_list import read_file, read_picture_list


def test_a_picture_that_is_named_often_is_read_twice_at_the_most(folder, monkeypatch):
    read = []

    def counted(path, *rest, **options):
        read.append(path)
        return read_file(path, *rest, **options)

    monkeypatch.setattr(picture_folder, "read_file", counted)
    monkeypatch.setattr(picture_list, "read_file", counted)
    write_list(folder, "file,label\nb.png,owl\na.bmp,heron\n" + "b.png,owl\n" * 50)
    birds = open_picture_folder(folder, "birds/all")
    assert np.array_equal(birds.pictures, PIXELS[[0, 1, *[0] * 50]].transpose(0, 3, 1, 2))
    assert [path.name for path in read] == ["images.csv", *["b.png", "a.bmp"] * 2]


def test_a_list_of_very_many_pictures_is_refused(folder, monkeypatch):
    monkeypatch.setattr(picture_list, "PICTURES_LIMIT", 2)
    with pytest.raises(SourceError, match="more than 2 rows"):
        open_picture_folder(folder, "birds/all")


def test_rows_of_the_list_are_the_indices(folder):
    birds = open_picture_folder(folder, "birds/all")
    assert birds.name == "birds/all"
    assert np.array_equal(birds.pictures, PIXELS.transpose(0, 3, 1, 2))
    assert birds.vocabulary.names == ("owl", "heron")
    assert birds.labels.tolist() == [0, 1, 0]
    assert open_image_set("birds/all", folders={"birds/all": folder}) == birds


def test_pictures_are_decoded_once(folder, monkeypatch):
    first = open_picture_folder(folder, "birds")
    monkeypatch.setattr("hmix_hub.sources.picture_folder.decode_picture", None)
    assert open_picture_folder(folder, "birds") == first


@pytest.mark.parametrize("change", ["a pixel", "a label", "the order"])
def test_the_fingerprint_decides_pixels_and_labels(folder, change):
    before = open_picture_folder(folder, "birds")
    if change == "a pixel":
        Image.fromarray(255 - PIXELS[0]).save(folder / "b.png")
    elif change == "a label":
        write_list(folder, "file,label\nb.png,owl\na.bmp,owl\nmore/c.png,owl\n")
    else:
        write_list(folder, "file,label\na.bmp,heron\nb.png,owl\nmore/c.png,owl\n")
    after = open_picture_folder(folder, "birds")
    assert after.fingerprint != before.fingerprint
    assert after.path != before.path


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "one column file, found 0"),
        ("name,label\nb.png,owl\n", "column file: expected one column file, found 0"),
        ("file\nb.png\n", "column label: expected one column label, found 0"),
        ("file,label,label\nb.png,owl,owl\n", "one column label, found 2"),
        ("file,label\n", "names no picture"),
        ("file,label\nb.png,owl\na.bmp,\n", "row 1, column label: label is missing"),
        ("file,label\nb.png,owl\n ,owl\n", "row 1, column file: file is missing"),
        ("file,label\nb.png,owl\na.bmp\n", "row 1, column label: label is missing"),
        ("file,label\nb.png,owl,x\n", "row 0: 3 cells under 2 columns"),
        ("file,label\nb.png,owl\na.bmp,Owl\n", "row 1, column label: the label 'Owl' is written 'owl' in row 0"),
        ("file,label\nz.png,owl\n", "row 0, column file: 'z.png' is missing"),
        ('file,label\n"b.png,owl\n', "not a CSV file"),
    ],
)
def test_a_list_in_error_is_told_by_row_and_column(folder, text, reason):
    write_list(folder, text)
    with pytest.raises(SourceError, match=r"images\.csv") as caught:
        open_picture_folder(folder, "birds")
    assert reason in str(caught.value)


def test_a_list_in_another_encoding_is_refused(folder):
    (folder / "images.csv").write_bytes("file,label\nb.png,Käuzchen\n".encode("latin1"))
    with pytest.raises(SourceError, match="UTF-8"):
        open_picture_folder(folder, "birds")


def test_a_byte_order_mark_and_empty_lines_do_no_harm(folder):
    write_list(folder, "\ufefflabel,file,note\n\nowl,b.png,x\n\n")
    assert len(open_picture_folder(folder, "birds")) == 1


@pytest.mark.parametrize("missing", ["folder", "list"])
def test_what_is_missing_is_named(folder, missing):
    (folder / "images.csv").unlink()
    with pytest.raises(SourceMissingError, match=r"images\.csv"):
        open_picture_folder(folder if missing == "list" else folder / "nowhere", "birds")


@pytest.mark.parametrize(
    "name",
    ["../secret.png", "more/../../secret.png", "/etc/passwd", "C:\\secret.png", "C:secret.png", "more\\c.png", "\0"],
)
def test_no_path_leads_out_of_the_folder(folder, name):
    Image.fromarray(PIXELS[0]).save(folder.parent / "secret.png")
    write_list(folder, f"file,label\nb.png,owl\n{name},owl\n")
    with pytest.raises(SourceError, match=r"row 1, column file: .*not a plain path"):
        open_picture_folder(folder, "birds")


def test_no_link_leads_out_of_the_folder(folder):
    Image.fromarray(PIXELS[0]).save(folder.parent / "secret.png")
    (folder / "inner.png").symlink_to("more/c.png")
    (folder / "outer.png").symlink_to("../secret.png")
    (folder / "up").symlink_to("..")
    write_list(folder, "file,label\ninner.png,owl\n")
    assert len(open_picture_folder(folder, "birds")) == 1
    for name in ("outer.png", "up/secret.png"):
        write_list(folder, f"file,label\n{name},owl\n")
        with pytest.raises(SourceError, match=r"row 0, column file: .*leads out"):
            open_picture_folder(folder, "birds")


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_only_files_are_read(folder, kind):
    if kind == "pipe":
        os.mkfifo(folder / "pipe")
    write_list(folder, "file,label\npipe,owl\n" if kind == "pipe" else "file,label\nmore,owl\n")
    with pytest.raises(SourceMissingError, match="row 0: this is not a file"):
        open_picture_folder(folder, "birds")


def test_pictures_may_be_of_several_sizes(folder):
    turned = PIXELS[1].transpose(1, 0, 2).copy()
    Image.fromarray(turned).save(folder / "a.bmp")
    birds = open_picture_folder(folder, "birds")
    assert not birds.has_one_size
    assert birds.sizes.tolist() == [[6, 8], [8, 6], [6, 8]]
    for index, pixels in enumerate((PIXELS[0], turned, PIXELS[2])):
        assert np.array_equal(birds.picture(index), pixels.transpose(2, 0, 1))
    assert np.array_equal(birds.take(np.array([2, 0])), PIXELS[[2, 0]].transpose(0, 3, 1, 2))
    with pytest.raises(SchemaError, match="differ in size, such as 8 x 6 and 6 x 8"):
        birds.take(np.array([0, 1]))
    with pytest.raises(SchemaError, match="image_size"):
        _ = birds.pictures


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=1, max_size=6),
    order=st.lists(st.integers(0, 5), min_size=1, max_size=9),
)
def test_pictures_come_back_whatever_their_sizes_order_and_number(sizes, order, tmp_path, image_cache):
    pictures = [RNG.integers(0, 256, (height, width, 3), dtype=np.uint8) for height, width in sizes]
    for number, pixels in enumerate(pictures):
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    shown = [number % len(pictures) for number in order]
    write_list(tmp_path, "file,label\n" + "".join(f"{number}.png,owl\n" for number in shown))
    opened = pickle.loads(pickle.dumps(open_picture_folder(tmp_path, "birds")))
    assert opened.has_one_size == (len({sizes[number] for number in shown}) == 1)
    assert opened.sizes.tolist() == [list(sizes[number]) for number in shown]
    for index, number in enumerate(shown):
        assert np.array_equal(opened.picture(index).transpose(1, 2, 0), pictures[number])


def test_a_set_of_one_size_is_cached_as_ever(folder):
    birds = open_picture_folder(folder, "birds")
    hashed = [hashlib.sha256((folder / name).read_bytes()) for name in ("images.csv", "b.png", "a.bmp", "more/c.png")]
    whole = hashlib.sha256(b"picture folder 1\n" + b"".join(each.digest() for each in hashed)).hexdigest()
    assert birds.fingerprint == whole[:16]
    assert birds.path.name == f"folder-{whole}.npy"
    assert np.array_equal(np.load(birds.path), PIXELS.transpose(0, 3, 1, 2))


def test_a_damaged_cache_of_several_sizes_is_refused(folder):
    Image.fromarray(PIXELS[1].transpose(1, 0, 2).copy()).save(folder / "a.bmp")
    birds = open_picture_folder(folder, "birds")
    stored = np.load(birds.path)
    stored[-16:-8] = 255
    np.save(birds.path, stored)
    with pytest.raises(SourceError, match="expected uint8"):
        _ = replace(birds).sizes


def test_a_set_of_several_sizes_too_large_for_the_memory_is_refused(folder, monkeypatch):
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(folder / "a.bmp")
    monkeypatch.setattr("hmix_hub.sources.picture_folder.ARRAY_LIMIT", 3 * 3 * 6 * 8)
    assert 3 * (9 * 9 + 6 * 8) < 3 * 3 * 6 * 8
    with pytest.raises(SourceError, match="3 of 3 pictures take more than 432 bytes"):
        open_picture_folder(folder, "birds")


KNOWN = "file,label,width,height,sha256\n"


def known_rows(folder, **changed):
    digests = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ("b.png", "a.bmp")}
    return KNOWN + "".join(changed.get(name[0], f"{name},owl,8,6,{digest}\n") for name, digest in digests.items())


def test_pictures_that_are_as_listed_are_taken(folder):
    write_list(folder, known_rows(folder, a="a.bmp,owl,8,6,\n"))
    assert len(open_picture_folder(folder, "birds")) == 2


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"a.bmp,owl,8,6,{'0' * 64}\n", r"1 of 2 pictures are not .* 'a\.bmp' has sha256 \w{8}…, not 00000000…"),
        ("a.bmp,owl,6,8,\n", r"'a\.bmp' is 8 x 6, not 6 x 8"),
        ("a.bmp,owl,8,,\n", "row 1, column height: '' is not a number of pixels"),
        ("a.bmp,owl,-8,6,\n", "row 1, column width: '-8' is not a number of pixels"),
        ("a.bmp,owl,8,6,abc\n", "row 1, column sha256: 'abc' is not a sha256"),
    ],
)
def test_pictures_that_are_not_as_listed_are_named(folder, row, reason):
    write_list(folder, known_rows(folder, a=row))
    with pytest.raises(SourceError, match=reason):
        open_picture_folder(folder, "birds")


def test_pictures_of_another_folder_are_compared_with_the_list_all_together(folder, tmp_path):
    write_list(folder, known_rows(folder))
    listed = read_picture_list(folder)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with pytest.raises(SourceError, match=r"2 of 2 pictures .* 'b\.png' is missing; 'a\.bmp' is missing"):
        open_picture_folder(elsewhere, "birds", listed=listed)
    for name in ("b.png", "a.bmp"):
        shutil.copy(folder / name, elsewhere / name)
    assert open_picture_folder(elsewhere, "birds", listed=listed) == open_picture_folder(folder, "birds")
    with pytest.raises(SourceMissingError, match="no such folder"):
        open_picture_folder(tmp_path / "nowhere", "birds", listed=listed)


def test_pictures_that_change_while_they_are_read_are_not_cached(folder, image_cache, monkeypatch):
    from hmix_hub.sources import picture_folder as module

    hashed = module._digests

    def hashed_then_changed(*given):
        found = hashed(*given)
        Image.fromarray(255 - PIXELS[1]).save(folder / "a.bmp")
        return found

    monkeypatch.setattr(module, "_digests", hashed_then_changed)
    with pytest.raises(SourceError, match="changed while"):
        open_picture_folder(folder, "birds")
    assert not image_cache.exists()


def test_a_set_too_large_for_the_memory_is_refused(folder, monkeypatch):
    monkeypatch.setattr("hmix_hub.sources.picture_folder.ARRAY_LIMIT", 100)
    with pytest.raises(SourceError, match="3 pictures of 8 x 6 take more than 100 bytes"):
        open_picture_folder(folder, "birds")
