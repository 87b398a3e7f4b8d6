"""The grammar of IRIs is built when it is first needed: it would take most of a server's start."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
import beaker_kernel.server.app
from jsonschema import Draft202012Validator as Validator

assert "lark" not in sys.modules
validator = Validator({"format": "iri"}, format_checker=Validator.FORMAT_CHECKER)
print([validator.is_valid(text) for text in ("http://ä.example/", "no iri", "http://b.example/")])
assert "lark" in sys.modules
"""


def test_the_server_starts_without_it_and_the_format_is_checked_all_the_same():
    done = subprocess.run(
        [sys.executable, "-P", "-c", CODE], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("[True, False, True]\n", "")
