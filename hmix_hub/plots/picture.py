"""Picture: a matplotlib figure that shows itself in a notebook and says what it is elsewhere."""

from __future__ import annotations

import io

from matplotlib.figure import Figure


class Picture(Figure):
    """A figure that needs no `pyplot`.

    Attributes
    ----------
    words
        What it shows, in a line.
    """

    words: str = ""

    def __repr__(self) -> str:
        width, height = self.get_size_inches()
        return f"<Picture, {width:g} x {height:g} inches: {self.words}; .savefig('picture.png') writes it>"

    def _repr_png_(self) -> bytes:
        stream = io.BytesIO()
        self.savefig(stream, format="png")
        return stream.getvalue()
