"""Frames: what we sign is what Jupyter's own session accepts, and the other way round."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jupyter_client.session import Session

from beaker_kernel.protocol.frames import Composer, Signer, dumps, msg_id, msg_type

KEY = b"a key"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@pytest.fixture
def session() -> Session:
    return Session(key=KEY)


def test_jupyters_session_accepts_what_we_compose_and_sign(session: Session) -> None:
    parts = Composer("s").compose("status", {"text": "ä☃"}, b'{"msg_id":"p"}', {"m": 1})
    message = session.deserialize(Signer(KEY).frames(parts)[1:])
    assert message["msg_type"] == "status"
    assert message["parent_header"] == {"msg_id": "p"}
    assert (message["metadata"], message["content"]) == ({"m": 1}, {"text": "ä☃"})


def test_we_accept_what_jupyters_session_signs(session: Session) -> None:
    _, signature, *parts = session.serialize(session.msg("execute_request", {"code": "1"}))
    assert Signer(KEY).verify(signature, parts)
    assert msg_type(parts[0]) == "execute_request"


@pytest.mark.parametrize("length", [0, 63, 64, 65, 16_383, 16_384, 100_000])
@pytest.mark.parametrize("key", [b"k", b"k" * 64, b"k" * 65])
def test_messages_and_keys_of_each_length_are_signed_as_jupyter_does(
    length: int, key: bytes
) -> None:
    _, signature, *parts = Session(key=key).serialize(
        Session(key=key).msg("stream", {"text": "x" * length})
    )
    assert Signer(key).sign(parts) == signature


@pytest.mark.parametrize("place", range(4))
def test_one_changed_part_makes_a_signature_wrong(place: int) -> None:
    parts = Composer("s").compose("status", {})
    signature = Signer(KEY).sign(parts)
    parts[place] += b" "
    assert not Signer(KEY).verify(signature, parts)


def test_another_key_makes_a_signature_wrong() -> None:
    parts = Composer("s").compose("status", {})
    assert not Signer(KEY).verify(Signer(b"another").sign(parts), parts)


def test_without_a_key_nothing_is_signed_and_everything_is_right() -> None:
    assert Signer(b"").sign([b"x"]) == b""
    assert Signer(b"").verify(b"anything", [b"x"])


def test_the_scheme_of_the_connection_file_is_obeyed() -> None:
    session = Session(key=KEY, signature_scheme="hmac-sha512")
    _, signature, *parts = session.serialize(session.msg("x"))
    assert Signer(KEY, "hmac-sha512").verify(signature, parts)


def test_ids_of_one_session_are_all_different_and_begin_with_it() -> None:
    composer = Composer("session")
    ids = {msg_id(composer.compose("x", {})[0]) for _ in range(100)}
    assert len(ids) == 100
    assert all(found.startswith("session_") for found in ids)


def test_a_message_without_a_parent_has_no_id() -> None:
    assert msg_id(b"{}") == ""
    assert msg_id(b"null") == ""


@given(JSON)
def test_every_json_value_survives_the_wire(value: object) -> None:
    written = json.loads(dumps(value))
    assert written == json.loads(json.dumps(value).encode("utf-8", "replace"))


def test_a_lone_surrogate_becomes_a_question_mark() -> None:
    assert dumps("\ud800") == b'"?"'
