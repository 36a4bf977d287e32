"""Redaction: what is shown of texts that come from elsewhere, so that no secret is printed or logged."""

from __future__ import annotations

import re

HIDDEN = "[hidden]"
"""What stands where a secret stood."""

# A token may hold a space or a line break by mistake, which is when libraries quote it: all of the quotation goes, or
# all of the line.
_SCHEME = re.compile(r"\b(bearer|basic)\b[\s:]+[^\"'\r\n]+", re.IGNORECASE)
_HEADER = re.compile(r"(\bauthorization\b[\"']?\s*[:=,]\s*(?:b?[\"'])?)(?!bearer|basic)[^\"'\r\n]+", re.IGNORECASE)
_TOKEN = re.compile(r"hf_[\w.~+=-]+")
_PASSWORD = re.compile(r"(\w://)[^\s/@]+@")
_ARGUMENT = re.compile(
    r"\b((?:x-amz-(?:signature|credential|security-token)|signature|sig|(?:access_)?token|password)=)[^\s&\"']+",
    re.IGNORECASE,
)


def redacted(text: str) -> str:
    """Hide what may be a secret.

    Parameters
    ----------
    text
        Message of a library or a server.

    Returns
    -------
    str
        The text without `Bearer …` and other values of an Authorization header, tokens of the Hub (`hf_…`), passwords
        in addresses, and signatures of links. Rather too much is hidden than too little.
    """
    text = _HEADER.sub(rf"\1{HIDDEN}", text)
    text = _SCHEME.sub(rf"\1 {HIDDEN}", text)
    text = _TOKEN.sub(HIDDEN, text)
    text = _PASSWORD.sub(rf"\1{HIDDEN}@", text)
    return _ARGUMENT.sub(rf"\1{HIDDEN}", text)
