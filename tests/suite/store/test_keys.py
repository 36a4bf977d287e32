"""The key: names and codes by purpose, and a file that only its owner reads."""

from __future__ import annotations

import re
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmix_hub.suite.store.database import StoreError
from hmix_hub.suite.store.keys import KEY_NAME, StudyKey, make_key, plain_code, read_key

KEY = StudyKey(bytes(range(32)))


@given(st.text())
def test_names_have_their_forms(text):
    letters = "[0-9ABCDEFGHJKMNPQRSTVWXYZ]{4}"
    assert re.fullmatch(f"F-{letters}-{letters}", KEY.fallback_code(text))
    assert re.fullmatch(f"{letters}-{letters}", KEY.completion_code(text))
    assert re.fullmatch("[a-z][a-z0-9]{11}", KEY.participant(text))
    assert re.fullmatch("[0-9a-f]{32}", KEY.picture_name(text))
    assert re.fullmatch("[0-9a-f]{64}", KEY.recruiting(text))


@given(st.binary(min_size=8, max_size=8), st.text(), st.text(), st.integers(0, 159))
def test_what_is_sealed_is_read_again_and_nothing_else(content, page, other, bit):
    [name] = KEY.seal([content], page)
    changed = bytearray.fromhex(name)
    changed[bit // 8] ^= 1 << bit % 8
    assert re.fullmatch("[0-9a-f]{40}", name)
    assert KEY.unseal(name) == content
    assert KEY.unseal(changed.hex()) is None
    assert StudyKey(bytes(32)).unseal(name) is None
    assert (KEY.seal([content], other) == [name]) == (page == other)


def test_names_are_the_same_again_and_others_for_others():
    assert KEY.fallback_code("a") == StudyKey(bytes(range(32))).fallback_code("a")
    assert KEY.fallback_code("a") != KEY.fallback_code("b")
    assert KEY.fallback_code("a") != StudyKey(bytes(32)).fallback_code("a")


def test_one_purpose_tells_nothing_of_another():
    named = [KEY.recruiting("a"), KEY.picture_name("a"), KEY.mark("a"), KEY.participant("a")]
    assert len({name[:8] for name in named}) == len(named)
    assert KEY.fallback_code("a") != f"F-{KEY.completion_code('a')}"


def test_a_code_is_known_however_it_was_copied():
    assert plain_code(" f-7k2m-9qod ") == plain_code("F-7K2M-9Q0D")
    assert plain_code("7ilm9qxd") == plain_code("711M-9QXD")


def test_the_key_is_not_shown():
    assert repr(KEY) == "StudyKey(...)"


def test_the_key_file_is_its_owners_alone_and_is_kept(tmp_path):
    made = make_key(tmp_path)
    assert stat.S_IMODE((tmp_path / KEY_NAME).stat().st_mode) == 0o600
    assert make_key(tmp_path).mark("x") == read_key(tmp_path).mark("x") == made.mark("x")


@pytest.mark.parametrize("content", [b"", b"abc", b"\xff" * 64, b"g" * 64])
def test_a_file_that_holds_no_key_is_refused_without_being_shown(tmp_path, content):
    (tmp_path / KEY_NAME).write_bytes(content)
    with pytest.raises(StoreError, match="key") as told:
        read_key(tmp_path)
    assert "abc" not in told.value.message


def test_a_missing_key_is_named(tmp_path):
    with pytest.raises(StoreError, match="is missing") as told:
        read_key(tmp_path)
    assert "backup" in str(told.value.hint)
