"""Redaction: no secret is left in a text, and the rest of it stays."""

from __future__ import annotations

import pytest

from hmix_hub.contribute.publishing.faults import told
from hmix_hub.loading.hub_client import HIDDEN, redacted


@pytest.mark.parametrize(
    "text",
    [
        "Illegal header value b'Bearer hf_SECRETabc\\n'",
        "Illegal header value b'Bearer SECRET and SECRET'",
        "authorization: bearer SECRET",
        "{'Authorization': 'SECRET'}",
        "(b'authorization', b'SECRET')",
        "Authorization: Basic SECRET==",
        "token hf_SECRET is wrong",
        "the token is xhf_oauth_SECRET.SECRET-SECRET",
        "https://me:SECRET@example.org/a",
        "https://me:SE@SECRET@example.org/a",
        "https://me:SE/SECRET@example.org/a",
        "https://example.org/a?X-Amz-Signature=SECRET&b=1",
        "https://example.org/a?token=SECRET",
    ],
)
def test_secrets_are_hidden(text):
    assert "SECRET" not in redacted(text)
    assert HIDDEN in redacted(text)


@pytest.mark.parametrize("text", ["", "no space left on device: '/tmp/a@b'", "status 403 at https://example.org/a?b=1"])
def test_other_texts_stay(text):
    assert redacted(text) == text


def test_what_stands_around_a_secret_stays():
    assert redacted("token hf_abc is wrong") == f"token {HIDDEN} is wrong"
    assert redacted("x b'Bearer abc' y") == f"x b'Bearer {HIDDEN}' y"


class LocalProtocolError(Exception):
    """As the HTTP library calls it, which quotes the header."""


@pytest.mark.parametrize("kind", [LocalProtocolError, ValueError, OSError])
def test_no_error_of_a_library_is_told_with_a_token(kind):
    error = told(kind("Illegal header value b'Bearer hf_abc def'\x1b[2J"), "lab/birds")
    assert "abc" not in str(error)
    assert "def" not in str(error)
    assert "\x1b" not in str(error)
    assert error.hint
