"""The execution API: its operations, each a few lines over the service (EXECUTION_API.md)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pydantic import Field

from beaker_kernel.errors import BeakerError
from beaker_kernel.execution.requests import (
    CommandRequest,
    CommandResult,
    ExecutionPage,
    ExecutionRequest,
    Filter,
    Languages,
    SessionInfo,
    SessionList,
    SessionRequest,
    Variables,
)
from beaker_kernel.execution.results import Execution
from beaker_kernel.server.endpoint import ClientGone
from beaker_kernel.server.file_routes import FILES
from beaker_kernel.server.operations import BYTES, Answer, Content, Events, Operation, Query

if TYPE_CHECKING:
    from beaker_kernel.execution.service import ExecutionService
    from beaker_kernel.execution.session import Session
    from beaker_kernel.server.endpoint import Call


class Part(Query):
    """Which part of an output."""

    offset: int = Field(default=0, ge=0)
    limit: int | None = Field(default=None, ge=0)


async def execute(service: ExecutionService, call: Call) -> Answer:
    """Run code, and answer with what came of it, or with events as it comes."""
    try:
        run = await service.submit(call.body, call.who)
    except BeakerError as error:
        call.note(call.body.session or "", call.body.code, type(error).__name__)
        raise
    call.note(run.session_id, run.code, "accepted")
    background = call.body.background
    if call.wants_events:
        return Answer(200, Events(run.log.follow(), ends=None if background else run))
    if background:
        return Answer(202, run.snapshot(), {"Location": f"executions/{run.id}"})
    try:
        return Answer(200, await call.unless_gone(run.wait()))
    except ClientGone:
        await service.interrupt(run)
        raise


async def get_execution(service: ExecutionService, call: Call) -> Answer:
    """Return an execution as far as it is, or its events after ``Last-Event-ID``."""
    name = call.path["id"]
    if call.wants_events:
        return Answer(200, Events(await service.follow(name, call.last_event)))
    return Answer(200, await service.get(name))


async def list_executions(service: ExecutionService, call: Call) -> Answer:
    """List what was executed, newest first; `cursor` asks for the next page."""
    return Answer(200, await service.page(call.query))


async def delete_execution(service: ExecutionService, call: Call) -> Answer:
    """Forget an execution and its outputs; one that runs is interrupted first."""
    await service.delete(call.path["id"])
    return Answer(204)


async def interrupt_execution(service: ExecutionService, call: Call) -> Answer:
    """Interrupt an execution; one that waits is over at once."""
    run = service.run(call.path["id"])
    await service.interrupt(run)
    return Answer(202, run.snapshot())


async def get_output(service: ExecutionService, call: Call) -> Answer:
    """Return the whole of an output that is truncated in the result, or a part of it."""
    path = service.output(call.path["id"], call.path["number"])
    file = path.open("rb")
    size = os.fstat(file.fileno()).st_size
    file.seek(min(call.query.offset, size))
    left = max(0, size - call.query.offset)
    return Answer(200, Content(file, min(left, call.query.limit or left), path.name))


async def create_session(service: ExecutionService, call: Call) -> Answer:
    """Start a live kernel, or adopt one that runs."""
    session = await service.sessions.create(call.body)
    return Answer(201, _info(session), {"Location": f"sessions/{session.id}"})


async def list_sessions(service: ExecutionService, _call: Call) -> Answer:
    """List the live kernels."""
    return Answer(200, SessionList(sessions=[_info(s) for s in service.sessions.all()]))


async def get_session(service: ExecutionService, call: Call) -> Answer:
    """Describe a live kernel."""
    return Answer(200, _info(service.sessions.get(call.path["id"])))


async def delete_session(service: ExecutionService, call: Call) -> Answer:
    """End a session and its kernel; an adopted kernel goes on."""
    await service.sessions.delete(call.path["id"])
    return Answer(204)


async def restart_session(service: ExecutionService, call: Call) -> Answer:
    """Start a session's kernel anew; its variables are gone."""
    session = service.sessions.get(call.path["id"])
    await session.restart()
    return Answer(200, _info(session))


async def interrupt_session(service: ExecutionService, call: Call) -> Answer:
    """Interrupt what runs in a session."""
    session = service.sessions.get(call.path["id"])
    await session.interrupt()
    return Answer(202, _info(session))


async def list_variables(service: ExecutionService, call: Call) -> Answer:
    """List a session's variables with type, shape and a bounded preview."""
    session = service.sessions.get(call.path["id"])
    return Answer(200, await call.unless_gone(session.variables()))


async def run_command(service: ExecutionService, call: Call) -> Answer:
    """Run a command in a shell, in a session's folder or an empty one; off unless switched on."""
    verdict = "accepted" if service.limits.commands else "NotAllowed"
    call.note(call.body.session or "", call.body.command, verdict)
    return Answer(200, await call.unless_gone(service.command(call.body)))


async def list_languages(service: ExecutionService, _call: Call) -> Answer:
    """List the languages that there are kernels for."""
    return Answer(200, service.sessions.languages())


def _info(session: Session) -> SessionInfo:
    return SessionInfo(
        id=session.id,
        kernel_id=session.kernel_id,
        kernel=session.kernel,
        language=session.language,
        state=session.state,
        adopted=session.adopted,
        created_at=session.created_at,
        idle_timeout=session.limits.idle_timeout,
        timeout=session.limits.timeout,
        memory_mb=session.limits.memory_mb,
    )


OPERATIONS = (
    Operation(
        method="POST",
        path="/executions",
        summary="Run code",
        serve=execute,
        scope="run",
        action="execute",
        body=ExecutionRequest,
        answers={200: Execution, 202: Execution},
        streams=True,
        refusals=(400, 404, 413, 415, 422, 503),
    ),
    Operation(
        method="GET",
        path="/executions",
        summary="List what was executed",
        serve=list_executions,
        scope="read",
        query=Filter,
        answers={200: ExecutionPage},
        refusals=(422,),
    ),
    Operation(
        method="GET",
        path="/executions/{id}",
        summary="Read an execution, or follow its events",
        serve=get_execution,
        scope="read",
        answers={200: Execution},
        streams=True,
        refusals=(404,),
    ),
    Operation(
        method="DELETE",
        path="/executions/{id}",
        summary="Forget an execution",
        serve=delete_execution,
        scope="run",
        action="write",
        answers={204: None},
        refusals=(404,),
    ),
    Operation(
        method="GET",
        path="/executions/{id}/outputs/{number}",
        summary="Read the whole of a truncated output",
        serve=get_output,
        scope="read",
        query=Part,
        answers={200: BYTES},
        refusals=(404, 422),
    ),
    Operation(
        method="POST",
        path="/executions/{id}/interrupt",
        summary="Interrupt an execution",
        serve=interrupt_execution,
        scope="run",
        action="execute",
        answers={202: Execution},
        refusals=(404,),
    ),
    Operation(
        method="POST",
        path="/sessions",
        summary="Start a session, or adopt a kernel",
        serve=create_session,
        scope="run",
        action="execute",
        body=SessionRequest,
        answers={201: SessionInfo},
        refusals=(400, 409, 415, 422, 503),
    ),
    Operation(
        method="GET",
        path="/sessions",
        summary="List the sessions",
        serve=list_sessions,
        scope="read",
        answers={200: SessionList},
    ),
    Operation(
        method="GET",
        path="/sessions/{id}",
        summary="Describe a session",
        serve=get_session,
        scope="read",
        answers={200: SessionInfo},
        refusals=(404,),
    ),
    Operation(
        method="DELETE",
        path="/sessions/{id}",
        summary="End a session",
        serve=delete_session,
        scope="run",
        action="execute",
        answers={204: None},
        refusals=(404,),
    ),
    Operation(
        method="POST",
        path="/sessions/{id}/restart",
        summary="Start a session's kernel anew",
        serve=restart_session,
        scope="run",
        action="execute",
        answers={200: SessionInfo},
        refusals=(404, 503),
    ),
    Operation(
        method="POST",
        path="/sessions/{id}/interrupt",
        summary="Interrupt what runs in a session",
        serve=interrupt_session,
        scope="run",
        action="execute",
        answers={202: SessionInfo},
        refusals=(404,),
    ),
    Operation(
        method="GET",
        path="/sessions/{id}/variables",
        summary="List a session's variables",
        serve=list_variables,
        scope="read",
        answers={200: Variables},
        refusals=(404, 422, 503),
    ),
    *FILES,
    Operation(
        method="POST",
        path="/commands",
        summary="Run a command in a shell",
        serve=run_command,
        scope="commands",
        action="execute",
        body=CommandRequest,
        answers={200: CommandResult},
        refusals=(400, 404, 413, 415, 422, 503),
    ),
    Operation(
        method="GET",
        path="/languages",
        summary="List the languages",
        serve=list_languages,
        scope="read",
        answers={200: Languages},
    ),
)
"""All of it; the OpenAPI document is written from this."""
