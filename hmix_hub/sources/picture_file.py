"""Single picture files from untrusted sources, checked before their pixels are decoded."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import SourceError, Where

if TYPE_CHECKING:
    from PIL import Image

T = TypeVar("T")

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
MODES = ("RGB", "L", "P", "RGBA", "1", "LA")
_PLAIN_TIFF = "raw"
"""Compression values of TIFF files that need no external library."""
PIXEL_LIMIT = 4096 * 4096

_EXIF_ORIENTATION = 0x0112
_MEANING = {
    "I;16": "16 bits, which browsers convert to 8 in different ways",
    "I;16B": "16 bits, which browsers convert to 8 in different ways",
    "I": "more than 8 bits, which browsers convert to 8 in different ways",
    "F": "floating-point numbers",
    "CMYK": "print colours, which programs convert in different ways",
}
"""Descriptions of modes that are not allowed."""


def decode_picture(
    content: bytes,
    where: Where,
    *,
    formats: Sequence[str] = FORMATS,
    size: tuple[int, int] | None = None,
    modes: Sequence[str] = MODES,
) -> npt.NDArray[np.uint8]:
    """Decode a picture.

    Parameters
    ----------
    content
        Bytes of the file.
    where
        Place named in errors.
    formats
        Formats to try, as Pillow names them.
    size
        Required width and height; `None`: any up to `PIXEL_LIMIT` pixels.
    modes
        Allowed modes, as Pillow names them.

    Returns
    -------
    numpy.ndarray
        uint8 (height, width, 3), red, green, blue.

    Raises
    ------
    SourceError
        If it is in none of the formats, truncated, too large, not of the size or mode, animated, turned by its EXIF
        data, or not opaque.
    """
    return _used(content, where, lambda picture: _pixels(picture, where), formats=formats, size=size, modes=modes)


def measure_picture(content: bytes, where: Where) -> tuple[int, int]:
    """Return width and height of a picture that `decode_picture` would accept, without decoding it.

    Raises
    ------
    SourceError
        If it would be rejected because of its header.
    """
    width, height = _used(content, where, lambda picture: picture.size)
    return width, height


def _used(
    content: bytes,
    where: Where,
    use: Callable[[Image.Image], T],
    *,
    formats: Sequence[str] = FORMATS,
    size: tuple[int, int] | None = None,
    modes: Sequence[str] = MODES,
) -> T:
    """Return the result of a function of a picture, after checking the picture; see `decode_picture`."""
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=list(formats)) as picture:
                fault = _fault(picture, size, modes)
                if fault is None:
                    return use(picture)
    except SourceError:
        raise
    except UnidentifiedImageError:
        fault = f"not a picture in one of the formats {', '.join(formats)}"
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        fault = f"too large: more than {PIXEL_LIMIT} pixels"
    # Decoders may raise any error on damaged files.
    except Exception as error:
        fault = f"the picture is truncated or damaged: {error or type(error).__name__}"
    raise SourceError(
        fault, where=where, hint="nothing was read from it: replace the file with an intact copy"
    ) from None


def _fault(picture: Image.Image, size: tuple[int, int] | None, modes: Sequence[str]) -> str | None:
    """Return what is wrong with a picture, from its header only; `None` if nothing is."""
    width, height = picture.size
    if width * height > PIXEL_LIMIT:
        return f"too large: {width} x {height}, more than {PIXEL_LIMIT} pixels"
    if size is not None and picture.size != size:
        return f"the picture is {width} x {height}, not {size[0]} x {size[1]}"
    if fault := _fault_of_form(picture, modes):
        return fault
    frames = getattr(picture, "n_frames", 1)
    if frames != 1:
        return f"the picture has {frames} frames, not one"
    orientation = picture.getexif().get(_EXIF_ORIENTATION, 1)
    if orientation != 1:
        return f"the picture is rotated by its EXIF orientation {orientation}: save it upright"
    return None


def _fault_of_form(picture: Image.Image, modes: Sequence[str]) -> str | None:
    if picture.mode not in modes:
        what = _MEANING.get(picture.mode, f"not {' or '.join(modes)}")
        return f"the picture has mode {picture.mode}, {what}: save it with 8 bits per channel, in colour or grey"
    compression = picture.info.get("compression")
    if picture.format == "TIFF" and compression != _PLAIN_TIFF:
        return f"the TIFF is compressed ({compression}): save it as PNG, or uncompressed"
    return None


def _pixels(picture: Image.Image, where: Where) -> npt.NDArray[np.uint8]:
    picture.load()
    if picture.mode in {"RGBA", "LA"} or "transparency" in picture.info:
        alpha = np.asarray(picture.convert("RGBA"))[:, :, 3]
        if alpha.min() < 255:
            msg = "the picture is partly transparent, so what people saw depends on the background"
            raise SourceError(msg, where=where, hint="save it without transparency, on the background of the study")
    return np.array(picture.convert("RGB"), dtype=np.uint8)
