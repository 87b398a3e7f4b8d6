"""The page's conversation as a person uses it: by what stands on the page, and by the keyboard."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.server.running_server import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Locator, Page

    from tests.browser.page import Site

EMPTY = {
    "cells": [],
    "metadata": {"kernelspec": {"name": "beaker", "display_name": "Beaker"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


class Conversation:
    """The column beside an open notebook.

    Attributes:
        page: the page that it is on.
        column: where it is.

    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.column = page.get_by_role("complementary", name="conversation")
        self.question = self.column.get_by_role("textbox", name="question")

    def ask(self, question: str) -> Locator:
        """Ask by the keyboard, and return where the answer will be."""
        self.question.fill(question)
        self.question.press("Enter")
        return self.turn(question)

    def turn(self, question: str) -> Locator:
        """Return the last turn with this question."""
        return self.column.get_by_role("article", name=question).last

    @property
    def approval(self) -> Locator:
        """The card that asks for the person's word."""
        return self.column.get_by_role("region", name="run this?")

    def output(self, of: str) -> Locator:
        """Return what a cell of an answer has put out."""
        return self.column.get_by_role("region", name=f"output of {of}")


@contextmanager
def conversing(site: Site, name: str, *, dark: bool = False, **size: int) -> Iterator[Conversation]:
    """Open a new notebook, and the conversation about it."""
    (site.folder / name).write_text(json.dumps(EMPTY))
    with site.opened(f"token={TOKEN}&path={name}", dark=dark, **size) as page:
        conversation = Conversation(page)
        conversation.question.wait_for()
        yield conversation
