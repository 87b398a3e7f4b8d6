"""The documentation holds together."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from beaker_kernel.agent.settings import Beaker
from beaker_kernel.execution.results import Execution
from beaker_kernel.protocol import magic
from beaker_kernel.server.execution_api import ExecutionSettings
from beaker_kernel.server.execution_routes import OPERATIONS
from tests.support.built_in_tools import SPECS as TOOLS

CHECKOUT = Path(__file__).parents[1]
PAGES = [*CHECKOUT.glob("*.md"), CHECKOUT / "dev_ui" / "README.md", *CHECKOUT.glob("docs/**/*.md")]
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = LINK.findall(page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_index_leads_to_every_page() -> None:
    index = CHECKOUT / "docs" / "README.md"
    linked = {(index.parent / link).resolve() for link in LINK.findall(index.read_text())}
    decisions = CHECKOUT / "docs" / "decisions"
    missing = {page for page in index.parent.glob("*/*.md") if page.parent != decisions} - linked
    assert missing == set()
    assert decisions in linked


def test_every_operation_and_limit_of_the_execution_api_is_in_the_reference() -> None:
    page = (CHECKOUT / "docs" / "reference" / "execution-api.md").read_text()
    operations = [f"| `{o.method} {o.path}` | `{o.name}` |" for o in OPERATIONS]
    settings = [f"| `{name}` |" for name in ExecutionSettings.class_traits(config=True)]
    fields = [f"{name}" for name in Execution.model_fields]
    assert [word for word in (*operations, *settings, *fields) if word not in page] == []


def test_every_magic_setting_and_tool_is_in_the_reference() -> None:
    page = (CHECKOUT / "docs" / "reference" / "agent.md").read_text()
    settings = [f"`{name}`" for name in Beaker.class_traits(config=True)]
    tools = [f"`{tool.name}(" for tool in TOOLS]
    words = [*magic.MAGICS, *magic.OPTIONS, *(f"`{command}" for command in magic.COMMANDS)]
    assert [word for word in (*settings, *tools, *words) if word not in page] == []
