"""Python: a snapshot of the namespace by ``user_expressions``, which publishes nothing."""

from __future__ import annotations

import ast
import json
from functools import cache
from importlib.resources import files
from typing import Any

from beaker_kernel.errors import ProtocolError
from beaker_kernel.languages.language import Probe
from beaker_kernel.protocol.codec import decode
from beaker_kernel.protocol.replies import VariablesReply

_DISTRIBUTIONS = {
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "PIL": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "PyYAML",
}
"""By module, the distributions that have another name."""

_EXPRESSION = (
    "(lambda builtins, scope: (builtins.exec({source!r}, scope),"
    " scope['snapshot'](builtins.globals(), {names!r}, {limit!r}, {room!r}))[1])"
    "(__import__('builtins'), {{'__name__': 'beaker'}})"
)
"""`snapshot.py` in a namespace of its own; nothing that a cell has shadowed but ``__import__``."""


class Python:
    """The adapter of IPython kernels."""

    name = "python"
    fence = "python"
    subshells = True

    def variables(self, limit: int) -> Probe:
        """Ask for the `limit` newest variables."""
        return _probe(names=None, limit=limit, room=200)

    def describe(self, names: tuple[str, ...]) -> Probe:
        """Ask for the variables in `names`, with previews of up to 2,000 characters."""
        return _probe(names=names, limit=len(names), room=2000)

    def parse(self, probe: Probe, reply: dict[str, Any], stdout: str) -> VariablesReply:
        """Read the expression's value: the text of a string literal that holds JSON."""
        result = reply.get("user_expressions", {}).get(probe.marker, {})
        try:
            content = json.loads(ast.literal_eval(result["data"]["text/plain"]))
        except (KeyError, TypeError, ValueError, SyntaxError) as error:
            raise ProtocolError(f"variables: {result.get('evalue', 'no answer')}") from error
        return _variables(content)

    def install_hint(self, module: str) -> str:
        """Give the magic that installs into the environment of the kernel."""
        root = module.partition(".")[0]
        return f"%pip install {_DISTRIBUTIONS.get(root, root)}"


def _probe(*, names: tuple[str, ...] | None, limit: int, room: int) -> Probe:
    expression = _EXPRESSION.format(source=_source(), names=names, limit=limit, room=room)
    return Probe(user_expressions={"beaker": expression}, marker="beaker")


@cache
def _source() -> str:
    return files(__package__).joinpath("snapshot.py").read_text(encoding="utf-8")


def _variables(content: dict[str, Any]) -> VariablesReply:
    variables = decode("variables_reply", content)
    if not isinstance(variables, VariablesReply):
        raise ProtocolError("variables: the snapshot answered with an error")
    return variables
