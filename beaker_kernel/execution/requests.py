"""What can be asked for: the models that validate requests, and describe them."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 (pydantic reads it)
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from beaker_kernel.execution.limits import Bounds
from beaker_kernel.execution.results import Execution, File, Model, Status

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
"""The name of an environment's variable, as POSIX has it; a kernel doesn't start with others."""
Value = Annotated[str, Field(pattern=r"^[^\x00]*$")]
"""What one may be."""


class ExecutionRequest(Bounds):
    """Code to run."""

    code: str
    session: str | None = Field(
        default=None, description="Without one, it has a kernel of its own."
    )
    language: str | None = Field(default=None, description="Where there is no session.")
    stdin: list[str] | None = Field(default=None, description="The lines that input() reads.")
    background: bool = Field(default=False, description="Answer at once, and let it run.")


class SessionRequest(Bounds):
    """A live kernel to start, or one to adopt."""

    id: str | None = Field(default=None, pattern=NAME, description="A name of your own.")
    language: str | None = None
    kernel: str | None = Field(default=None, description="The name of a kernelspec.")
    kernel_id: str | None = Field(default=None, description="A kernel that runs, to be shared.")
    cwd: str | None = Field(default=None, description="Its folder, below the server's root.")
    env: dict[Variable, Value] = Field(default={})
    idle_timeout: float | None = Field(
        default=None, gt=0, description="Seconds unused until it ends."
    )


class CommandRequest(BaseModel):
    """A command to run in a shell."""

    model_config = ConfigDict(extra="forbid")

    command: str = Field(pattern=r"^[^\x00]+$")
    session: str | None = Field(default=None, description="In whose folder it runs.")
    cwd: str | None = Field(
        default=None, description="A folder below the session's, or below the server's root."
    )
    timeout: float | None = Field(default=None, gt=0, description="Seconds of wall time in total.")


class CommandResult(Model):
    """What came of a command."""

    stdout: str
    stderr: str
    exit_code: int | None = Field(
        description="Negative where a signal ended it; null where it was ended with its kernel."
    )
    timed_out: bool


class SessionInfo(Model):
    """A live kernel."""

    id: str
    kernel_id: str
    kernel: str = Field(description="The name of its kernelspec.")
    language: str
    state: Literal["starting", "idle", "busy", "dead"]
    adopted: bool = Field(description="Whether somebody else started it, and ends it.")
    created_at: datetime
    idle_timeout: float
    timeout: float
    memory_mb: int


class SessionList(Model):
    """The sessions that there are."""

    sessions: list[SessionInfo]


class ExecutionPage(Model):
    """Some executions, newest first."""

    executions: list[Execution]
    cursor: str | None = Field(default=None, description="What to ask for the next page with.")


class FileList(Model):
    """Files in a session's folder."""

    files: list[File]


class Variables(Model):
    """A session's variables, as the kernel tells of them."""

    variables: list[dict[str, Any]]
    total: int


class Languages(Model):
    """The languages that there are kernels for, and which."""

    default: str
    languages: dict[str, list[str]]


class Filter(BaseModel):
    """Which executions."""

    model_config = ConfigDict(extra="forbid")

    session: str | None = None
    status: Status | None = None
    language: str | None = None
    q: str | None = Field(default=None, description="What the code or the output holds.")
    since: datetime | None = Field(default=None, description="When they ended, at the earliest.")
    limit: int = Field(default=50, ge=1, le=1000)
    cursor: str | None = Field(default=None, pattern=r"^\d{1,18}$")
