import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from hmix_hub.errors import SourceError, SourceMissingError
from hmix_hub.sources import picture_folder
from hmix_hub.sources.image_sets import open_image_set
from hmix_hub.sources.picture_folder import open_picture_folder, read_file

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (3, 6, 8, 3), dtype=np.uint8)


def write_list(folder, text):
    (folder / "images.csv").write_text(text, encoding="utf-8")


@pytest.fixture
def folder(tmp_path, image_cache):
    """Three pictures of 8 x 6: two owls and a heron."""
    folder = tmp_path / "birds"
    (folder / "more").mkdir(parents=True)
    for name, pixels in zip(("b.png", "a.bmp", "more/c.png"), PIXELS, strict=True):
        Image.fromarray(pixels).save(folder / name)
    write_list(folder, "file,label\nb.png,owl\na.bmp,heron\nmore/c.png,owl\n")
    return folder


def png_of(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def header_of(width, height):
    """A PNG that says it is large, and holds next to nothing."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def test_a_picture_that_is_named_often_is_read_twice_at_the_most(folder, monkeypatch):
    read = []
    monkeypatch.setattr(picture_folder, "read_file", lambda path, *rest: read.append(path) or read_file(path, *rest))
    write_list(folder, "file,label\nb.png,owl\na.bmp,heron\n" + "b.png,owl\n" * 50)
    birds = open_picture_folder(folder, "birds/all")
    assert np.array_equal(birds.pictures, PIXELS[[0, 1, *[0] * 50]].transpose(0, 3, 1, 2))
    assert [path.name for path in read] == ["images.csv", *["b.png", "a.bmp"] * 2]


def test_a_list_of_very_many_pictures_is_refused(folder, monkeypatch):
    monkeypatch.setattr(picture_folder, "PICTURES_LIMIT", 2)
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


@pytest.mark.parametrize("mode", ["L", "P", "RGB"])
def test_grey_and_palette_become_red_green_blue(folder, mode):
    picture = Image.fromarray(PIXELS[0]).convert(mode)
    picture.save(folder / "b.png")
    assert np.array_equal(
        open_picture_folder(folder, "birds").pictures[0], np.asarray(picture.convert("RGB")).transpose(2, 0, 1)
    )


@pytest.mark.parametrize("kind", ["jpg", "webp"])
def test_jpeg_and_webp_are_read(folder, kind):
    Image.fromarray(PIXELS[0]).save(folder / f"x.{kind}")
    write_list(folder, f"file,label\nx.{kind},owl\n")
    assert open_picture_folder(folder, "birds").pictures.shape == (1, 3, 6, 8)


def test_an_alpha_channel_must_be_opaque(folder):
    opaque = np.dstack([PIXELS[0], np.full((6, 8), 255, np.uint8)])
    Image.fromarray(opaque).save(folder / "b.png")
    assert np.array_equal(open_picture_folder(folder, "birds").pictures[0], PIXELS[0].transpose(2, 0, 1))
    opaque[0, 0, 3] = 254
    Image.fromarray(opaque).save(folder / "b.png")
    with pytest.raises(SourceError, match=r"b\.png, row 0: the picture is transparent"):
        open_picture_folder(folder, "birds")


def test_a_palette_may_not_be_transparent(folder):
    Image.fromarray(PIXELS[0]).convert("P").save(folder / "b.png", transparency=bytes(range(256)))
    with pytest.raises(SourceError, match="transparent"):
        open_picture_folder(folder, "birds")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "one column file, found 0"),
        ("name,label\nb.png,owl\n", "column file: expected one column file, found 0"),
        ("file\nb.png\n", "column label: expected one column label, found 0"),
        ("file,label,label\nb.png,owl,owl\n", "one column label, found 2"),
        ("file,label\n", "names no picture"),
        ("file,label\nb.png,owl\na.bmp,\n", "row 1, column label: no label"),
        ("file,label\nb.png,owl\n ,owl\n", "row 1, column file: no file"),
        ("file,label\nb.png,owl\na.bmp\n", "row 1, column label: no label"),
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


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "not a picture", id="empty"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture", id="svg"),
        pytest.param(b"P6 2 2 255 " + b"x" * 12, "not a picture", id="ppm"),
        pytest.param(header_of(4097, 4096), "too large: 4097 x 4096", id="large"),
        pytest.param(header_of(12_000, 12_000), "too large", id="bomb that warns"),
        pytest.param(header_of(60_000, 60_000), "too large", id="bomb"),
        pytest.param(png_of(PIXELS[1])[:100], "the picture is truncated or damaged", id="truncated"),
        pytest.param(header_of(8, 6)[:20], "not a picture|the picture is truncated", id="truncated in its header"),
    ],
)
def test_a_hostile_or_damaged_picture_is_named_with_its_row(folder, image_cache, content, reason):
    (folder / "a.bmp").write_bytes(content)
    with pytest.raises(SourceError, match=rf"a\.bmp, row 1: ({reason})"):
        open_picture_folder(folder, "birds")
    assert not image_cache.exists()


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_a_moving_picture_is_refused(folder, kind):
    frames = [Image.fromarray(pixels) for pixels in PIXELS]
    frames[0].save(folder / f"moving.{kind}", save_all=True, append_images=frames[1:])
    write_list(folder, f"file,label\nmoving.{kind},owl\n")
    with pytest.raises(SourceError, match=r"row 0: the picture has 3 frames"):
        open_picture_folder(folder, "birds")


def test_a_picture_that_is_shown_turned_is_refused(folder):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(PIXELS[0]).save(folder / "turned.jpg", exif=exif)
    write_list(folder, "file,label\nturned.jpg,owl\n")
    with pytest.raises(SourceError, match="EXIF orientation 6"):
        open_picture_folder(folder, "birds")


def test_pictures_are_of_one_size(folder):
    Image.fromarray(PIXELS[0].transpose(1, 0, 2).copy()).save(folder / "a.bmp")
    with pytest.raises(SourceError, match=r"a\.bmp, row 1: 6 x 8, but row 0 is 8 x 6"):
        open_picture_folder(folder, "birds")


def test_other_modes_are_refused(folder):
    Image.fromarray(PIXELS[0]).convert("CMYK").save(folder / "x.jpg")
    write_list(folder, "file,label\nx.jpg,owl\n")
    with pytest.raises(SourceError, match="mode CMYK"):
        open_picture_folder(folder, "birds")


def test_pictures_that_change_while_they_are_read_are_not_cached(folder, image_cache, monkeypatch):
    from hmix_hub.sources import picture_folder as module

    hashed = module._digests

    def hashed_then_changed(entries):
        found = hashed(entries)
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
