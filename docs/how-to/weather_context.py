"""A context for Beaker: a tool that looks, a tool that runs code, and an action for a frontend."""

from typing import Any, Literal

from beaker_kernel.agent.context import Context
from beaker_kernel.agent.tool import ToolResult, tool
from beaker_kernel.agent.turn import Turn

STATIONS = {"Bergen": 12, "Tromsø": 100}


@tool(effect="reads")
async def find_station(turn: Turn, name: str, match: Literal["exact", "prefix"] = "exact") -> str:
    """Find weather stations by name, with their height in metres."""
    found = [s for s in STATIONS if s == name or (match == "prefix" and s.startswith(name))]
    return ", ".join(f"{station}: {STATIONS[station]} m" for station in found) or "none"


@tool(effect="runs")
async def load_heights(turn: Turn, variable: str = "heights") -> ToolResult:
    """Load all heights into a variable, as a mapping from station to metres."""
    return await turn.run(f"{variable} = {STATIONS!r}")


async def stations(turn: Turn, above: int = 0) -> dict[str, Any]:
    """List the stations above a height."""
    return {"stations": [s for s, height in STATIONS.items() if height > above]}


PROMPT = "Heights are in metres above the sea. Find a station before you speak of it."
SETUP = {"python": "import statistics"}
WEATHER = Context(
    prompt=PROMPT, tools=(find_station, load_heights), actions=(stations,), setup=SETUP
)
