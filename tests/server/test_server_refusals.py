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

STOCK = "jupyter_server.auth.identity.PasswordIdentityProvider"


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ("--IdentityProvider.token=", "the token is empty"),
        ("--ServerApp.allow_origin=*", "allow_origin is set"),
        ("--ServerApp.keyfile=x", "keyfile is set without certfile"),
        ("--ServerApp.identity_provider_class=" + STOCK, "identity_provider_class is set"),
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


def test_a_runtime_folder_that_others_may_enter_is_named(tmp_path):
    tmp_path.chmod(0o750)
    server = configured()
    server.runtime_dir = str(tmp_path)
    with pytest.raises(ConfigurationError, match=r"others may enter .*; chmod 700 "):
        safety.check(server)


def test_a_loosened_server_warns_of_what_it_would_refuse(caplog):
    server = configured(disable_check_xsrf=True, loosened=True)
    server.log.propagate = True
    with caplog.at_level("WARNING", logger=server.log.name):
        safety.check(server)
    assert [r.getMessage() for r in caplog.records] == [
        "LOOSENED: disable_check_xsrf is on",
        "LOOSENED: any page and any host name may use this server",
    ]


@pytest.mark.parametrize("origin", ["*", "null", "http://a.example/", "http://*.example", "a:1"])
def test_an_origin_is_exact_or_refused(origin):
    with pytest.raises(ConfigurationError, match="is no origin"):
        safety.doors(configured(allowed_origins=[origin]))
