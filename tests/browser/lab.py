"""A real JupyterLab in folders of its own, and a real browser that opens its notebooks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import psutil
from playwright.sync_api import sync_playwright

from tests.browser.notebook import PATIENCE, Notebook
from tests.support.chromium import CHROMIUM
from tests.support.leftovers import running_after
from tests.support.ports import wait_until_it_listens

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import BrowserContext

TOKEN = "a-token-for-tests-in-the-browser"
SHOWN = {"Authorization": f"token {TOKEN}"}
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A page that is closed would leave a process that waits for the next one.
    "--disable-features=SpareRendererForSitePerProcess",
)
WINDOW = {"width": 1200, "height": 900}
NO_NEWS = {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True}


@dataclass(frozen=True, slots=True)
class Lab:
    """A JupyterLab that runs, and the browser for it."""

    address: str
    folder: Path
    browser: BrowserContext

    @contextmanager
    def notebook(self, *sources: str, kernel: str = "beaker") -> Iterator[Notebook]:
        """Open a notebook of these cells; afterwards its kernel is shut down."""
        number = len(list(self.folder.glob("*.ipynb"))) + 1
        path = self.folder / f"notebook-{number}.ipynb"
        path.write_text(json.dumps(written(sources, kernel)))
        page = self.browser.new_page()
        try:
            query = urlencode({"token": TOKEN, "reset": ""})
            page.goto(f"{self.address}/lab/tree/{path.name}?{query}", timeout=PATIENCE)
            yield Notebook(page)
        finally:
            page.close()
            self._end_sessions()

    def _end_sessions(self) -> None:
        sessions = f"{self.address}/api/sessions"
        for session in self.browser.request.get(sessions, headers=SHOWN).json():
            self.browser.request.delete(f"{sessions}/{session['id']}", headers=SHOWN)


def written(sources: tuple[str, ...], kernel: str) -> dict[str, object]:
    """Return a notebook of code cells; without a kernel, JupyterLab asks for one."""
    cells = [
        {"cell_type": "code", "id": f"cell-{number}", "source": source, "metadata": {}}
        | {"execution_count": None, "outputs": []}
        for number, source in enumerate(sources)
    ]
    spec = {"kernelspec": {"name": kernel, "display_name": kernel}} if kernel else {}
    return {"cells": cells, "metadata": spec, "nbformat": 4, "nbformat_minor": 5}


@contextmanager
def chromium(**options: float) -> Iterator[BrowserContext]:
    """Run Debian's Chromium, headless, with a fresh profile."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        try:
            yield browser.new_context(viewport=WINDOW, **options)
        finally:
            browser.close()


@contextmanager
def serving(folder: Path, browser: BrowserContext, **settings: str) -> Iterator[Lab]:
    """Run JupyterLab in a folder; afterwards nothing of it may be left."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "jupyterlab", "--no-browser", "--port=0", "--allow-root"],
        cwd=folder,
        env=environment(folder / ".jupyter") | settings,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    server = psutil.Process(process.pid)
    try:
        address = _address(process)
        wait_until_it_listens(address)
        yield Lab(address, folder, browser)
    finally:
        family = server.children(recursive=True)
        process.terminate()
        process.communicate(timeout=30)
        left = running_after(family, 10)
    assert left == []


def environment(home: Path) -> dict[str, str]:
    """Return an environment without the person's settings, and with no news to be asked about."""
    foreign = ("JUPYTER", "JPY_", "BEAKER_", "OPENAI_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    folders = {f"JUPYTER_{kind}_DIR": str(home / kind) for kind in ("CONFIG", "DATA", "RUNTIME")}
    settings = home / "settings"
    notification = settings / "@jupyterlab/apputils-extension/notification.jupyterlab-settings"
    notification.parent.mkdir(parents=True)
    notification.write_text(json.dumps(NO_NEWS))
    return {
        **inherited,
        **folders,
        "JUPYTERLAB_SETTINGS_DIR": str(settings),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "JUPYTER_TOKEN": TOKEN,
        "IPYTHONDIR": str(home / "ipython"),
    }


def _address(process: subprocess.Popen[str]) -> str:
    """Read the log until the server has said where it will be."""
    assert process.stderr
    log = ""
    for line in process.stderr:
        log += line
        if "Use Control-C" in line:
            return re.findall(r"http://127\.0\.0\.1:\d+", log)[-1]
    raise AssertionError(f"JupyterLab ended:\n{log}")
