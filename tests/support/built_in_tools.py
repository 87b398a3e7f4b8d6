"""The tools that every context has, as the model sees them."""

from __future__ import annotations

from beaker_kernel.agent import plugins
from beaker_kernel.agent.tool import Tool
from beaker_kernel.agent.toolbox import in_order

TOOLS = in_order(plugins.load(plugins.TOOLS, Tool).found.values())
SPECS = tuple(tool.spec for tool in TOOLS)
