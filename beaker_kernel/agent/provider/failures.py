"""What an endpoint's failures mean: one clear sentence each, and whether to ask again."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from beaker_kernel.agent.provider.endpoints import NO_KEY
from beaker_kernel.errors import (
    ContextExceeded,
    ModelAuthError,
    ModelError,
    ModelRateLimited,
    ModelResponseError,
    ModelUnavailable,
)

if TYPE_CHECKING:
    from openai import APIError, APIStatusError

    from beaker_kernel.agent.provider.endpoints import Endpoint

TEMPORARY = frozenset({408, 409, 429})
"""Status codes after which asking again may help; so it may after any from 500."""
REFUSES_TOOLS = frozenset({400, 404, 422, 501})
LONGEST_WAIT = 60.0
"""Seconds: the longest wait that an endpoint's Retry-After is granted."""
LINE = 300
"""Characters that are shown of what an endpoint says."""
_TOO_LONG = re.compile(
    r"context[ _](length|window|size)|context.{0,40}exceed|exceed.{0,40}context"
    r"|input tokens exceed|(prompt|input)\b.{0,20}too long",
    re.IGNORECASE,
)
_LIMIT = re.compile(
    r"(?:length|window|size|limit)(?: is| of|:|=)?(?: only)? ?\(?(\d[\d,]{2,})|> (\d+) maximum",
    re.IGNORECASE,
)
"""Where a refusal for length names tokens: what fits, and with some servers what was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why there is no answer.

    Attributes:
        kind: the error that it is, if it stays so.
        what: what happened, and where.
        step: what the person can do.
        temporary: whether asking again may help.
        delay: seconds that the endpoint wants us to wait.
        on_tools: whether it may be that the endpoint knows no tools.
        disconnected: whether the connection was lost before a first byte.
        limit: tokens that fit, where a request was too long and the endpoint says so.
    """

    kind: type[ModelError] = ModelResponseError
    what: str
    step: str = "ask again"
    temporary: bool = False
    delay: float | None = None
    on_tools: bool = False
    disconnected: bool = False
    limit: int = 0

    @property
    def error(self) -> ModelError:
        """The error that the person sees."""
        text = f"{self.what}; {self.step}"
        return (
            ContextExceeded(text, self.limit) if self.kind is ContextExceeded else self.kind(text)
        )


def explain(error: Exception, endpoint: Endpoint, *, begun: bool) -> Failure:
    """Return what an exception of the SDK means; no text in it holds the endpoint's key.

    Args:
        error: as it came out of a request or a stream.
        endpoint: where it came from.
        begun: whether a part of the answer had come; then nobody asks again.
    """
    midway = f"stopped in the middle of its answer ({_cause(error)})"
    return _of(endpoint, Failure(what=midway) if begun else _explain(error))


def no_end(endpoint: Endpoint, *, begun: bool) -> Failure:
    """Return what it means that a stream ended without having said so.

    Args:
        endpoint: where it came from.
        begun: whether a part of the answer had come.
    """
    if begun:
        return _of(endpoint, Failure(what="stopped in the middle of its answer"))
    step = "check OPENAI_BASE_URL: is it the address of the API?"
    return _of(endpoint, Failure(what="answered with what is no completion", step=step))


def _of(endpoint: Endpoint, failure: Failure) -> Failure:
    """Name the endpoint in a failure, and take its key out."""
    what = f"{endpoint.base_url} ({endpoint.model}) {failure.what}"
    if endpoint.api_key != NO_KEY:
        what = what.replace(endpoint.api_key, "[key]")
    return replace(failure, what=what)


def _explain(error: Exception) -> Failure:
    import openai  # noqa: PLC0415 (it raised the exception, so it is there)

    if isinstance(error, openai.APIStatusError):
        return _status(error)
    if isinstance(error, openai.APIConnectionError):
        return Failure(
            kind=ModelUnavailable,
            what=f"gives no answer ({_cause(error)})",
            step="is it running? `beaker doctor` checks",
            temporary=True,
            disconnected=not isinstance(error, openai.APITimeoutError),
        )
    return Failure(what=f"sent what nobody can read ({_cause(error)})")


def _status(error: APIStatusError) -> Failure:
    status, said = error.status_code, _said(error)
    kind, what, step = _elsewhere(error) or _meaning(status, said)
    temporary = kind in (ModelRateLimited, ModelUnavailable) and error.code != "insufficient_quota"
    return Failure(
        kind=kind,
        what=what,
        step=step,
        temporary=temporary,
        delay=_retry_after(error),
        on_tools=status in REFUSES_TOOLS and _is_on_tools(said),
        limit=_limit(said),
    )


def _elsewhere(error: APIStatusError) -> tuple[type[ModelError], str, str] | None:
    """Return what it means that a server on this machine points to another address, if it does."""
    if not (there := error.response.next_request):
        return None
    address = there.url.copy_with(userinfo=b"", query=None, fragment=None)
    what = f"points to {_line(str(address))} ({error.status_code}), where nothing was sent"
    return ModelResponseError, what, "if that is meant, set OPENAI_BASE_URL to its address"


def _meaning(status: int, said: str) -> tuple[type[ModelError], str, str]:
    """Return which error a status code is, what happened, and what to do next."""
    if status == 401:
        step = "set a valid OPENAI_API_KEY and restart the kernel"
        return ModelAuthError, "refused the key (401)", step
    if status == 403:
        step = "OPENAI_API_KEY may not use this; set another, or another BEAKER_MODEL"
        return ModelAuthError, f"refused access (403: {said})", step
    if status == 404:
        step = "check BEAKER_MODEL, and OPENAI_BASE_URL, which mostly ends in /v1"
        return ModelResponseError, f"knows no such model or address (404: {said})", step
    if status == 429:
        step = "wait, or use another model"
        return ModelRateLimited, f"takes no more for now (429: {said})", step
    if status in TEMPORARY or status >= 500:
        return ModelUnavailable, f"failed ({status}: {said})", "ask again later"
    what = f"refused the request ({status}: {said})"
    too_long = ContextExceeded, what, "ask about less, or begin anew by `%beaker reset`"
    other = ModelResponseError, what, "`beaker doctor` checks it"
    return too_long if _is_too_long(said) else other


def _is_on_tools(said: str) -> bool:
    """Tell whether a refusal is about tools; one for length may only count their tokens."""
    about = said.lower()
    return ("tool" in about or "function" in about) and not _is_too_long(said)


def _is_too_long(said: str) -> bool:
    return _TOO_LONG.search(said) is not None


def _limit(said: str) -> int:
    """Return the tokens that fit: what was sent, where that is named too, is always more."""
    numbers = [int((a or b).replace(",", "")) for a, b in _LIMIT.findall(said)]
    return min(numbers, default=0)


def _cause(error: Exception) -> str:
    """Return what went wrong with a connection or a stream, on one bounded line."""
    import openai  # noqa: PLC0415

    match error:
        case openai.APITimeoutError():
            return "nothing came in time"
        case openai.APIConnectionError():
            cause = error.__cause__ or error
            return _line(str(cause) or type(cause).__name__)
        case openai.APIError():
            return _said(error)
    return "no JSON"


def _said(error: APIError) -> str:
    """Return what the endpoint said."""
    body = error.body if isinstance(error.body, dict) else {}
    return _line(str(body.get("message") or error.message))


def _line(text: str) -> str:
    """Return text on one bounded line, without the word that the cut parts.

    It may be a part of a secret, which isn't known as one.
    """
    words = " ".join(text.split())
    return words if len(words) <= LINE else f"{words[: LINE + 1].rpartition(' ')[0]} …".strip()


def _retry_after(error: APIStatusError) -> float | None:
    """Seconds that the endpoint asks for, within bounds; None for a date or for nothing."""
    try:
        wanted = float(error.response.headers["retry-after"])
    except (KeyError, ValueError):
        return None
    return min(LONGEST_WAIT, max(0.0, wanted))
