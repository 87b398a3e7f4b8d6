"""HMAC (RFC 2104) without OpenSSL while messages are small: its library takes 4 MB of memory.

CPython has a SHA-256 of its own built in, under a name that depends on the release; it is as fast
for a cell's messages, and four times slower for megabytes, for which OpenSSL is loaded.
"""

from __future__ import annotations

import sys
from _operator import _compare_digest as compare_digest
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Mac", "compare_digest", "sha256"]

LARGE = 16 * 1024
"""Bytes from which OpenSSL signs."""
BLOCK = 64
"""Bytes of a block of SHA-256."""
INNER, OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))

try:
    sha256: Any = import_module("_sha2" if sys.version_info >= (3, 12) else "_sha256").sha256
except ImportError:  # a CPython that was built without it
    sha256 = import_module("hashlib").sha256


class Mac:
    """Digests with one key; `algorithm` is one of hashlib's names."""

    def __init__(self, key: bytes, algorithm: str = "sha256") -> None:
        self._key = key
        self._algorithm = algorithm
        self._openssl: Any = None
        block = (sha256(key).digest() if len(key) > BLOCK else key).ljust(BLOCK, b"\0")
        self._inner = sha256(block.translate(INNER))
        self._outer = sha256(block.translate(OUTER))
        if algorithm != "sha256":
            self._by_openssl(())

    def hexdigest(self, parts: Sequence[bytes]) -> str:
        """Return the digest over the parts, in hexadecimal."""
        if self._algorithm != "sha256" or sum(map(len, parts)) >= LARGE:
            return self._by_openssl(parts)
        inner, outer = self._inner.copy(), self._outer.copy()
        for part in parts:
            inner.update(part)
        outer.update(inner.digest())
        digest: str = outer.hexdigest()
        return digest

    def _by_openssl(self, parts: Sequence[bytes]) -> str:
        if self._openssl is None:
            import hmac  # noqa: PLC0415 (it loads OpenSSL)

            self._openssl = hmac.new(self._key, digestmod=self._algorithm)
        mac = self._openssl.copy()
        for part in parts:
            mac.update(part)
        digest: str = mac.hexdigest()
        return digest
