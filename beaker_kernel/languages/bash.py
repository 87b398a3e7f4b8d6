"""Bash 4.4 or newer: a listing printed between markers, by a subshell that leaves nothing behind.

A wrapper kernel counts each request that prints, so the execution count goes up by one; there is no
silent way to read a shell.
"""

from __future__ import annotations

import re
import secrets
from typing import Any

from beaker_kernel.errors import ProtocolError
from beaker_kernel.languages.language import Probe
from beaker_kernel.protocol.replies import Variable, VariablesReply

_LISTING = r"""( set +eu; echo {marker};
_beaker_env=" $(tr '\0' '\n' </proc/$$/environ 2>/dev/null | cut -d= -f1 | tr '\n' ' ') ";
_beaker_own=" $(env -i "$BASH" -c 'compgen -v' | tr '\n' ' ') ";
_beaker_own+="BASH_REMATCH COLUMNS HISTFILE HISTFILESIZE HISTSIZE LINES MAILCHECK ";
_beaker_own+="NOTEBOOK_BASH_KERNEL_CAPABILITIES PAGER PIPESTATUS PROMPT_COMMAND PS1 PS2 ";
_beaker_total=0;
for _beaker_name in {names}; do
case "$_beaker_env$_beaker_own" in *" $_beaker_name "*) continue ;; esac;
case $_beaker_name in _beaker_*) continue ;; esac;
declare -p "$_beaker_name" >/dev/null 2>&1 || continue;
[ $((++_beaker_total)) -gt {limit} ] && continue;
declare -n _beaker_it=$_beaker_name; unset _beaker_text;
_beaker_kind=${{_beaker_it@a}}; _beaker_count=${{#_beaker_it}};
case $_beaker_kind in
*A*) _beaker_count=${{#_beaker_it[@]}}; _beaker_text=("${{!_beaker_it[@]}}") ;;
*a*) _beaker_count=${{#_beaker_it[@]}}; _beaker_text=("${{_beaker_it[@]:0:6}}") ;;
*) _beaker_text=("${{_beaker_it:0:{room}+1}}") ;; esac;
_beaker_shown=$(printf '%q ' "${{_beaker_text[@]:0:5}}"); _beaker_shown=${{_beaker_shown% }};
_beaker_more=$(( ${{#_beaker_shown}} > {room} ? 2 : ${{#_beaker_text[@]}} > 5 ));
printf '%s\t%s\t%s\t%s\t' "$_beaker_name" "${{_beaker_kind:--}}" "$_beaker_count" "$_beaker_more";
printf '%s\n' "${{_beaker_shown:0:{room}}}"; unset -n _beaker_it;
done;
echo {marker} $_beaker_total )""".replace("\n", " ")
"""One line: a wrapper kernel waits 50 ms before each that it types."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LINE = re.compile(
    r"(?P<name>\w+)\t(?P<kind>[-\w]+)\t(?P<count>\d+)\t(?P<more>[012])\t(?P<preview>.*)"
)
_MORE = {"0": "", "1": " …", "2": "…"}
"""What follows a preview that is whole, lacks items, or is cut in the middle of one."""


class Bash:
    """The adapter of bash_kernel."""

    name = "bash"
    fence = "bash"
    subshells = False

    def variables(self, limit: int) -> Probe:
        """Ask for at most `limit` variables, by name; a shell doesn't know their age."""
        return _probe("$(compgen -v)", limit=limit, room=200)

    def describe(self, names: tuple[str, ...]) -> Probe:
        """Ask for the variables in `names`, with longer previews; no name, no variable."""
        known = [name for name in names if _NAME.fullmatch(name)]
        return _probe(" ".join(known), limit=len(known), room=2000)

    def parse(self, probe: Probe, reply: dict[str, Any], stdout: str) -> VariablesReply:
        """Read what was printed between the markers; a line that is no variable is passed over."""
        text = stdout.replace("\r\n", "\n")
        found = re.search(rf"{probe.marker}\n(.*?){probe.marker} (\d+)", text, re.DOTALL)
        if not found:
            raise ProtocolError(f"variables: {reply.get('evalue') or 'no answer'}")
        lines = (_LINE.fullmatch(line) for line in found[1].splitlines())
        variables = tuple(_variable(line) for line in lines if line)
        return VariablesReply(variables=variables, total=int(found[2]))

    def install_hint(self, module: str) -> str:
        """Name the command that is missing; which package manager there is, nobody knows."""
        return f"# {module}: command not found; install it with the system's package manager"


def _probe(names: str, *, limit: int, room: int) -> Probe:
    marker = f"beaker-{secrets.token_hex(8)}"
    code = _LISTING.format(marker=marker, names=names, limit=limit, room=room)
    return Probe(code=code, silent=False, marker=marker)


def _variable(line: re.Match[str]) -> Variable:
    return Variable(
        name=line["name"],
        type=_type(line["kind"]),
        preview=line["preview"].rstrip() + _MORE[line["more"]],
        shape=(int(line["count"]),),
    )


def _type(kind: str) -> str:
    """Turn the shell's attribute letters into a word."""
    if "A" in kind:
        return "associative array"
    if "a" in kind:
        return "array"
    return "integer" if "i" in kind else "string"
