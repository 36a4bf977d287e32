"""Bytes that are broken, or meant to break those who read them."""

from __future__ import annotations

import random

_PIECES = (
    *(b"\x00", b"\r", b"\n", b"\r\n", b'"', b'""', b",", b";", b"\t", b"{", b"}", b"[", b"]", b"{}", b"[]"),
    *(b"\xff\xfe", b"\xef\xbb\xbf", b"\xe9", b"\xed\xa0\x80", b"\xe2\x80\xa8", b"\xc2\x85", b"\xf0\x9f\x90\xb8"),
    *(b"NaN", b"Infinity", b"-0", b"1e400", b"9" * 400, b"0x10", b"null", b"true", b"=1+1", b"../../etc/passwd"),
    *(b"\\ud800", b'"\\ud83d"', b'{"a":1,"a":2}', b"[" * 2000, b'{"a":' * 500, b"%s%n"),
)


def break_bytes(content: bytes, rng: random.Random) -> bytes:
    """Break bytes somewhere: flipped, cut, copied, taken out, or with something put in."""
    for _ in range(rng.choice([1, 1, 2, 5])):
        at = rng.randrange(len(content) + 1)
        end = min(at + rng.choice([1, 2, 10, 100]), len(content))
        way = rng.randrange(6)
        if way == 0 and content:
            flipped = bytearray(content)
            flipped[at % len(content)] ^= 1 << rng.randrange(8)
            content = bytes(flipped)
        elif way == 1:
            content = content[:at]
        elif way == 2:
            content = content[:at] + content[end:]
        elif way == 3:
            content = content[:end] + content[at:]
        else:
            content = content[:at] + rng.choice(_PIECES) + content[at:]
    return content


def transcode(content: bytes, rng: random.Random) -> bytes:
    """Write text in another encoding, or with other line ends."""
    text = content.decode("utf-8", "replace")
    encoding = rng.choice(["utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "utf-8-sig", "utf-7", "shift_jis"])
    if rng.random() < 0.3:
        return text.replace("\n", rng.choice(["\r", "\r\r\n", "\n\n", "\x0b", "\u2028"])).encode()
    return text.encode(encoding, "replace")
