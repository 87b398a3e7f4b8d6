"""Two keys behind one kernel, without sockets."""

from __future__ import annotations

import pytest

from beaker_kernel.errors import ProtocolError
from beaker_kernel.kernel.keys import Keys
from beaker_kernel.protocol.frames import Composer, Signer

FRONT, BACK = Signer(b"front"), Signer(b"back")
PARTS = Composer("test").compose("execute_request", {"code": "1"})
keys = Keys(FRONT, BACK)


def test_a_message_is_signed_anew_and_stays_the_same_otherwise() -> None:
    frames = [b"identity", *FRONT.frames(PARTS), b"buffer", b"\x00"]
    inside = [b"identity", *BACK.frames(PARTS), b"buffer", b"\x00"]
    assert keys.to_subkernel(frames) == inside
    assert keys.to_frontends(inside) == frames


def test_what_others_have_signed_is_not_signed_by_us() -> None:
    forged = Signer(b"another").frames(PARTS)
    for sign in (keys.to_subkernel, keys.to_frontends):
        with pytest.raises(ProtocolError, match="wrong signature"):
            sign(forged)
