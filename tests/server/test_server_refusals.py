"""The server does not start with its guard half down; it says why, and how to mend it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from running_server import MAIN, environment

from beaker_kernel.errors import ConfigurationError
from beaker_kernel.server import safety
from beaker_kernel.server.app import HeadlessServer
from beaker_kernel.server.identity import TokenIdentity


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ("--IdentityProvider.token=", "the token is empty"),
        ("--ServerApp.allow_origin=*", "allow_origin is set"),
    ],
)
def test_a_half_safe_server_does_not_start(option, reason, tmp_path):
    ended = subprocess.run(
        [sys.executable, MAIN, "--allow-root", option],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    said = ended.stderr.splitlines()[-1]
    assert ended.returncode == 1
    assert said.startswith(f"beaker: refusing to start: {reason}; ")


def configured(**settings):
    merged = safety.defaults()
    merged.HeadlessServer.update(settings)
    server = HeadlessServer(config=merged)
    server.identity_provider = TokenIdentity(token="a token")
    return server


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("allow_origin", "*"),
        ("allow_origin", "http://127.0.0.1:5173"),
        ("allow_origin_pat", ".*"),
        ("allow_credentials", True),
        ("allow_unauthenticated_access", True),
        ("disable_check_xsrf", True),
    ],
)
def test_each_loosened_setting_is_named(setting, value):
    with pytest.raises(ConfigurationError, match=f"refusing to start: {setting} is"):
        safety.check(configured(**{setting: value}))


def test_the_defaults_are_safe():
    safety.check(configured())


@pytest.mark.parametrize("origin", ["*", "null", "http://a.example/", "http://*.example", "a:1"])
def test_an_origin_is_exact_or_refused(origin):
    with pytest.raises(ConfigurationError, match="is no origin"):
        safety.doors(configured(allowed_origins=[origin]))
