"""Pictures as they are sent: each is drawn when first requested under any of its names, and cached.

The files contain nothing but the picture: no text, no time. Names are only known to whoever was shown them.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from io import BytesIO

import numpy as np

from hmix_hub.errors import CollectionError
from hmix_hub.sources.image_set import PIXEL_LINEAR, ImageSet
from hmix_hub.stimuli.drawing import draw_mixture
from hmix_hub.stimuli.sizes import Pictures
from hmix_hub.suite.design.design import Versions
from hmix_hub.suite.mixtures import Mixture, mixture_named
from hmix_hub.suite.store.keys import StudyKey

CACHED_BYTES = 64 * 2**20
"""Maximum size of the cache of drawn pictures."""


class Gallery:
    """All pictures that a study shows.

    Raises
    ------
    CollectionError
        If the pictures are not those of the study, or its mixtures cannot be drawn from them.
    """

    def __init__(
        self, versions: Versions, key: StudyKey, image_set: ImageSet, *, cached_bytes: int = CACHED_BYTES
    ) -> None:
        frozen = versions.begun
        if image_set.fingerprint != frozen.pictures:
            msg = f"the pictures of {frozen.image_set} are not those that the collection began with"
            raise CollectionError(msg, hint="restore the same pictures; otherwise answers would be about others")
        if image_set.mixing != PIXEL_LINEAR:
            msg = f"the mixtures of {image_set.name} are {image_set.mixing}, but only pixel-linear ones can be drawn"
            raise CollectionError(msg, hint="name a set of endpoint pictures in the study file")
        self._image_set = image_set
        self._versions, self._key = versions, key
        self._cache: OrderedDict[Mixture, bytes] = OrderedDict()
        self._most_cached, self._cached = cached_bytes, 0
        self._lock = threading.Lock()

    def find(self, name: str) -> Mixture | None:
        """Return the picture that a page of this study shows under a hexadecimal name; `None` if there is none."""
        return mixture_named(name, self._versions, self._key)

    def cached(self, mixture: Mixture) -> bytes | None:
        """Return a picture from the cache; `None` if it must be drawn."""
        with self._lock:
            if mixture in self._cache:
                self._cache.move_to_end(mixture)
            return self._cache.get(mixture)

    def png(self, mixture: Mixture) -> bytes:
        """Return a picture as PNG at its original size; callable from any thread."""
        if (found := self.cached(mixture)) is not None:
            return found
        picture = encoded(draw(self._image_set, mixture))
        with self._lock:
            if mixture not in self._cache:
                self._cache[mixture] = picture
                self._cached += len(picture)
            while self._cached > self._most_cached:
                self._cached -= len(self._cache.popitem(last=False)[1])
        return picture


def draw(image_set: ImageSet, mixture: Mixture) -> Pictures:
    """Draw a mixture as the dataset defines it, uint8 (3, H, W)."""
    first, second, coefficient = mixture
    if second is None:
        return image_set.picture(first)
    pair = image_set.picture(first)[None], image_set.picture(second)[None]
    return draw_mixture(*pair, np.array([coefficient]))[0]


def encoded(picture: Pictures) -> bytes:
    """Return a picture, uint8 (3, H, W), as PNG."""
    from PIL import Image

    file = BytesIO()
    Image.fromarray(np.ascontiguousarray(picture.transpose(1, 2, 0))).save(file, "PNG")
    return file.getvalue()
