"""JavaScript and TypeScript in Deno: V8's own inspector describes the session, and runs no code.

What is declared at the top of a cell is no property of anything, so only the inspector knows it.
The answer is thrown: in silence that shows nothing, counts nothing, and stands in the reply itself,
whereas what Deno publishes may come after the idle.
"""

from __future__ import annotations

import json
import secrets
from typing import Any

from beaker_kernel.errors import ProtocolError
from beaker_kernel.languages.language import Probe
from beaker_kernel.protocol.replies import Variable, VariablesReply

ROOM = 600
"""Characters of a preview; a text that is asked for by name has more."""
_TELLING = frozenset({"date", "regexp", "proxy"})
"""Objects that their description says more of than their properties."""
_LISTING = """await (async () => {
  const { Session } = await import("node:inspector");
  const session = new Session();
  session.connect();
  const post = (method, params) =>
    new Promise((done) => session.post(method, params, (error, found) => done(found ?? {})));
  const look = async (expression) => {
    const pure = { expression, generatePreview: true, throwOnSideEffect: true };
    const found = await post("Runtime.evaluate", pure);
    return found.exceptionDetails ? { type: "undefined" } : found.result ?? {};
  };
  const describe = async (name) => {
    const kind = (await look(`typeof ${name}`)).value;
    if (kind !== "string") return { name, ...await look(name) };
    const { value } = await look(`${name}.slice(0, ROOM)`);
    const { value: length } = await look(`${name}.length`);
    return { name, type: kind, value, length, cut: length > ROOM };
  };
  try {
    const lexical = (await post("Runtime.globalLexicalScopeNames", {})).names ?? [];
    const globals = Object.entries(Object.getOwnPropertyDescriptors(globalThis));
    const declared = globals.filter(([, found]) => found.enumerable && !found.configurable);
    const all = [...declared.map(([name]) => name), ...lexical];
    const wanted = NAMES?.filter((name) => all.includes(name)) ?? all.slice(-LIMIT);
    const variables = [];
    for (const name of wanted) variables.push(await describe(name));
    throw new Error(MARKER + JSON.stringify({ variables, total: all.length }));
  } finally {
    session.disconnect();
  }
})()"""


class TypeScript:
    """The adapter of Deno's kernel, by the name that it gives its language."""

    name = "typescript"
    fence = "typescript"
    subshells = False

    def variables(self, limit: int) -> Probe:
        """Ask for the `limit` newest variables; those of ``var`` count as the older ones."""
        return _probe(None, limit=limit, room=200)

    def describe(self, names: tuple[str, ...]) -> Probe:
        """Ask for the variables in `names`, with longer previews; no name, no variable."""
        return _probe(names, limit=len(names), room=2000)

    def parse(self, probe: Probe, reply: dict[str, Any], stdout: str) -> VariablesReply:
        """Read what was thrown behind the marker."""
        thrown = str(reply.get("evalue", ""))
        _, marker, answer = thrown.partition(probe.marker)
        if not marker:
            raise ProtocolError(f"variables: {thrown or 'no answer'}")
        found, _ = json.JSONDecoder().raw_decode(answer)
        variables = tuple(_variable(look) for look in found["variables"])
        return VariablesReply(variables=variables, total=found["total"])

    def install_hint(self, module: str) -> str:
        """Import it from the registry, which installs it."""
        return f'import * as {_identifier(module)} from "npm:{module}"'


class JavaScript(TypeScript):
    """The same, where a kernelspec says JavaScript."""

    name = "javascript"
    fence = "javascript"


def _probe(names: tuple[str, ...] | None, *, limit: int, room: int) -> Probe:
    marker = f"beaker-{secrets.token_hex(8)}"
    parts = {"LIMIT": limit or 1, "ROOM": room, "MARKER": marker, "NAMES": names}
    code = _LISTING
    for part, value in parts.items():
        code = code.replace(part, json.dumps(value))
    return Probe(code=code, marker=marker)


def _variable(look: dict[str, Any]) -> Variable:
    kind = look.get("className") or look.get("subtype") or look.get("type", "object")
    return Variable(
        name=look["name"],
        type=str(kind).lower() if look.get("type") == "function" else str(kind),
        preview=_preview(look),
        shape=_shape(look),
    )


def _preview(look: dict[str, Any]) -> str:
    """Write a value as the inspector shows it: whole where it is small, else its first parts."""
    if "value" in look:
        return json.dumps(look["value"], ensure_ascii=False) + ("…" if look.get("cut") else "")
    shown = str(look.get("unserializableValue") or look.get("description") or "undefined")
    preview = look.get("preview")
    if preview and look.get("subtype") not in _TELLING:
        shown = _parts(preview) or shown
    return shown if len(shown) <= ROOM else f"{shown[: ROOM - 1]}…"


def _parts(preview: dict[str, Any]) -> str:
    """Write an object's first properties, or a collection's first entries."""
    more = ["…"] if preview.get("overflow") else []
    if preview.get("subtype") == "array":
        return f"[{', '.join([*(found['value'] for found in preview['properties']), *more])}]"
    parts = [f"{found['name']}: {found.get('value', '…')}" for found in preview["properties"]]
    if "entries" in preview:
        parts = [_entry(entry) for entry in preview["entries"]]
    return f"{{{', '.join([*parts, *more])}}}" if parts else ""


def _entry(entry: dict[str, Any]) -> str:
    value = str(entry["value"]["description"])
    return f"{entry['key']['description']}: {value}" if "key" in entry else value


def _shape(look: dict[str, Any]) -> tuple[int, ...] | None:
    """Read the length, which the inspector writes as in ``Array(3)``."""
    if "length" in look:
        return (int(look["length"]),)
    counted = str(look.get("description", "")).removesuffix(")").rpartition("(")[2]
    return (int(counted),) if look.get("preview") and counted.isdecimal() else None


def _identifier(module: str) -> str:
    name = module.rpartition("/")[2]
    return "".join(letter if letter.isalnum() else "_" for letter in name)
