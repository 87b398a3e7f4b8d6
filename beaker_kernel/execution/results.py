"""What came of an execution: the models that are sent, stored and described (EXECUTION_API.md)."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 (pydantic reads it)
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Status = Literal["queued", "running", "ok", "error", "timeout", "interrupted", "killed"]
KernelState = Literal["preserved", "restarted", "lost"]
FINAL = frozenset({"ok", "error", "timeout", "interrupted", "killed"})
FORMATS = {
    "text": "text/plain",
    "html": "text/html",
    "markdown": "text/markdown",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "pdf": "application/pdf",
    "latex": "text/latex",
    "json": "application/json",
    "javascript": "application/javascript",
    "data": "e2b/data",
    "chart": "e2b/chart",
}
"""Each format's short name and its MIME type."""


class Model(BaseModel):
    """What all have in common: NaN and Infinity become null, as JSON has neither."""

    model_config = ConfigDict(
        ser_json_inf_nan="null",
        serialize_by_alias=True,
        validate_by_name=True,
        validate_by_alias=True,
    )


class Result(Model):
    """One display of a cell, or its value."""

    index: int = Field(description="Its place among the execution's results, from 0.")
    is_main_result: bool = Field(description="Whether it is the cell's value, not a display.")
    display_id: str | None = None
    mimebundle: dict[str, Any] = Field(description="Every format, as the kernel sent it.")
    text: str | None = None
    html: str | None = None
    markdown: str | None = None
    svg: str | None = None
    png: str | None = Field(default=None, description="Base64.")
    jpeg: str | None = Field(default=None, description="Base64.")
    pdf: str | None = Field(default=None, description="Base64.")
    latex: str | None = None
    json_: Any = Field(default=None, alias="json")
    javascript: str | None = None
    data: Any = None
    chart: Any = None

    @classmethod
    def of(
        cls, index: int, bundle: dict[str, Any], *, main: bool, display_id: str | None = None
    ) -> Result:
        """Make a result of a MIME bundle, whose texts may be lists of lines as in a notebook."""
        whole = {mimetype: _joined(value) for mimetype, value in bundle.items()}
        formats = {name: whole.get(mimetype) for name, mimetype in FORMATS.items()}
        return cls(
            index=index, is_main_result=main, display_id=display_id, mimebundle=whole, **formats
        )


def _joined(value: Any) -> Any:  # noqa: ANN401 (any JSON)
    lines = isinstance(value, list) and value and all(isinstance(line, str) for line in value)
    return "".join(value) if lines else value


class ExecutionError(Model):
    """The exception that ended a cell."""

    name: str
    value: str
    traceback: list[str] = Field(description="Without colours.")
    traceback_ansi: list[str] = Field(description="As the kernel sent it.")
    line: int | None = Field(default=None, description="The line of the code that failed, from 1.")


class Truncation(Model):
    """An output of which only the beginning and the end are in the result."""

    output: int = Field(description="Its number in /executions/{id}/outputs/{n}.")
    name: str = Field(description="stdout, stderr, or results[i].")
    size: int = Field(description="Bytes of the whole.")
    kept: bool = Field(description="Whether the whole can be read; not if the disk was full.")


class File(Model):
    """A file in a session's folder; in an execution, one that is new or changed by it."""

    path: str = Field(description="Relative to the session's folder.")
    size: int


class Execution(Model):
    """One piece of code, and everything that came of it."""

    id: str
    session_id: str
    execution_count: int | None = None
    language: str
    code: str
    status: Status
    started_at: datetime | None = None
    finished_at: datetime | None = None
    duration_ms: float | None = None
    stdout: str = ""
    stderr: str = ""
    results: list[Result] = []
    error: ExecutionError | None = None
    suggestion: str | None = None
    files: list[File] = []
    truncated: list[Truncation] = []
    kernel_state: KernelState = "preserved"
