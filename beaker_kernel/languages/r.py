"""R: a listing printed behind a marker by a function whose names are its own.

IRkernel prints nothing in silence, but leaves the execution count as it was where no history is
stored. ``str()`` is R's own short description of a value.
"""

from __future__ import annotations

import json
import secrets
from typing import Any

from beaker_kernel.errors import ProtocolError
from beaker_kernel.languages.language import Probe
from beaker_kernel.protocol.replies import Variable, VariablesReply

_LISTING = """local({{
  all <- ls(globalenv(), sorted = FALSE)
  asked <- {names}
  wanted <- if (is.null(asked)) utils::head(all, {limit}) else intersect(asked, all)
  describe <- function(name) tryCatch({{
    if (bindingIsActive(as.symbol(name), globalenv()))
      return(list(name = name, type = "active binding", preview = ""))
    value <- get(name, envir = globalenv(), inherits = FALSE)
    shape <- if (is.data.frame(value)) c(.row_names_info(value, 2L), length(unclass(value)))
      else if (!is.null(attr(value, "dim"))) attr(value, "dim")
      else if (is.vector(value) || is.factor(value)) length(unclass(value))
    shown <- utils::capture.output(utils::str(
      value, give.attr = FALSE, max.level = 1, list.len = 30, vec.len = 3, nchar.max = 60))
    text <- paste(shown, collapse = "\\n")
    list(name = name, type = class(value)[[1]], shape = as.list(shape),
      preview = substr(text, 1, {room}), cut = nchar(text) > {room})
  }}, error = function(failure) list(name = name, type = "object", preview = ""))
  found <- list(variables = lapply(wanted, describe), total = length(all))
  cat({marker}, jsonlite::toJSON(found, auto_unbox = TRUE), "\\n", sep = "")
}})"""


class R:
    """The adapter of IRkernel."""

    name = "r"
    fence = "r"
    subshells = False

    def variables(self, limit: int) -> Probe:
        """Ask for at most `limit` variables; an environment doesn't know their age."""
        return _probe(None, limit=limit, room=600)

    def describe(self, names: tuple[str, ...]) -> Probe:
        """Ask for the variables in `names`, with longer previews; no name, no variable."""
        return _probe(names, limit=len(names), room=2000)

    def parse(self, probe: Probe, reply: dict[str, Any], stdout: str) -> VariablesReply:
        """Read the line that was printed behind the marker."""
        _, marker, printed = stdout.partition(probe.marker)
        if not marker:
            raise ProtocolError(f"variables: {reply.get('evalue') or 'no answer'}")
        found = json.loads(printed.partition("\n")[0])
        variables = tuple(_variable(look) for look in found["variables"])
        return VariablesReply(variables=variables, total=found["total"])

    def install_hint(self, module: str) -> str:
        """Give the call that installs a package."""
        return f"install.packages({_string(module)})"


def _probe(names: tuple[str, ...] | None, *, limit: int, room: int) -> Probe:
    marker = f"beaker-{secrets.token_hex(8)}"
    asked = "NULL" if names is None else f"c(character(), {', '.join(map(_string, names))})"
    code = _LISTING.format(
        names=asked.replace(", )", ")"), limit=limit, room=room, marker=_string(marker)
    )
    return Probe(code=code, silent=False, marker=marker)


def _string(text: str) -> str:
    """Write a string literal; JSON's is one of R's, but for the character that R has not."""
    return json.dumps(text.replace("\0", ""), ensure_ascii=False)


def _variable(look: dict[str, Any]) -> Variable:
    shape = tuple(int(length) for length in look.get("shape") or ())
    return Variable(
        name=look["name"],
        type=look["type"],
        preview=look["preview"].strip() + ("…" if look.get("cut") else ""),
        shape=shape or None,
    )
