"""Formats of pictures: which are decoded to red, green and blue, and which are refused."""

import numpy as np
import pytest
from picture_files import PIXELS, header_of, png_of, write_list
from PIL import Image

from hmix_hub.errors import SourceError
from hmix_hub.sources.picture_folder import open_picture_folder


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
    with pytest.raises(SourceError, match=r"b\.png, row 0: the picture is partly transparent"):
        open_picture_folder(folder, "birds")


def test_a_palette_may_not_be_transparent(folder):
    Image.fromarray(PIXELS[0]).convert("P").save(folder / "b.png", transparency=bytes(range(256)))
    with pytest.raises(SourceError, match="transparent"):
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


@pytest.mark.parametrize("kind", ["png", "webp", "gif", "tif"])
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


@pytest.mark.parametrize("mode", ["1", "LA"])
def test_black_and_white_and_opaque_grey_become_red_green_blue(folder, mode):
    picture = Image.fromarray(PIXELS[0]).convert(mode)
    picture.save(folder / "b.png")
    assert np.array_equal(
        open_picture_folder(folder, "birds").pictures[0], np.asarray(picture.convert("RGB")).transpose(2, 0, 1)
    )


@pytest.mark.parametrize("kind", ["gif", "tif"])
def test_a_still_gif_and_a_plain_tiff_are_read(folder, kind):
    grey = np.repeat(PIXELS[0][:, :, :1], 3, axis=2)
    Image.fromarray(grey).convert("L").save(folder / f"x.{kind}")
    write_list(folder, f"file,label\nx.{kind},owl\n")
    assert np.array_equal(open_picture_folder(folder, "birds").pictures[0], grey.transpose(2, 0, 1))


@pytest.mark.parametrize("compression", ["tiff_lzw", "jpeg", "tiff_deflate", "packbits"])
def test_a_compressed_tiff_is_refused(folder, compression):
    Image.fromarray(PIXELS[0]).save(folder / "x.tif", compression=compression)
    write_list(folder, "file,label\nx.tif,owl\n")
    with pytest.raises(SourceError, match=r"the TIFF is compressed .*save it as PNG"):
        open_picture_folder(folder, "birds")


def test_sixteen_bits_are_refused_since_browsers_differ(folder):
    Image.new("I;16", (8, 6)).save(folder / "b.png")
    with pytest.raises(SourceError, match=r"b\.png, row 0: .*browsers convert to 8 in different ways"):
        open_picture_folder(folder, "birds")


def test_other_modes_are_refused(folder):
    Image.fromarray(PIXELS[0]).convert("CMYK").save(folder / "x.jpg")
    write_list(folder, "file,label\nx.jpg,owl\n")
    with pytest.raises(SourceError, match="mode CMYK"):
        open_picture_folder(folder, "birds")
