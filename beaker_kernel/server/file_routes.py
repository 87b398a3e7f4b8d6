"""The files of a session: their operations, each a few lines over its workspace."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Literal

from beaker_kernel.errors import InvalidRequest
from beaker_kernel.execution.requests import FileList
from beaker_kernel.server.operations import BYTES, FORM, Answer, Content, Operation, Query

if TYPE_CHECKING:
    from beaker_kernel.execution.service import ExecutionService
    from beaker_kernel.server.endpoint import Call


class Overwrite(Query):
    """Whether a file that exists is replaced."""

    overwrite: Literal["0", "1"] = "0"


class Folder(Query):
    """Which folder of the session's."""

    path: str = ""


async def list_files(service: ExecutionService, call: Call) -> Answer:
    """List the files in a session's folder, or in one below."""
    workspace = service.sessions.get(call.path["id"]).workspace
    return Answer(200, FileList(files=workspace.files(call.query.path)))


async def get_file(service: ExecutionService, call: Call) -> Answer:
    """Return a file of a session's folder."""
    path = call.path["path"]
    file = service.sessions.get(call.path["id"]).workspace.open(path)
    size = os.fstat(file.fileno()).st_size
    return Answer(200, Content(file, size, path.rpartition("/")[2]))


async def put_file(service: ExecutionService, call: Call) -> Answer:
    """Write a file in a session's folder."""
    workspace = service.sessions.get(call.path["id"]).workspace
    path, overwrite = call.path["path"], call.query.overwrite == "1"
    await asyncio.to_thread(workspace.write, path, call.raw, overwrite=overwrite)
    return Answer(201, FileList(files=[workspace.stat(path)]))


async def upload_files(service: ExecutionService, call: Call) -> Answer:
    """Write the files of a form into a session's folder."""
    workspace = service.sessions.get(call.path["id"]).workspace
    if not call.files:
        message = "the form holds no file"
        raise InvalidRequest(message, "body")
    for name, data in call.files.items():
        overwrite = call.query.overwrite == "1"
        await asyncio.to_thread(workspace.write, name, data, overwrite=overwrite)
    return Answer(201, FileList(files=[workspace.stat(name) for name in call.files]))


async def delete_file(service: ExecutionService, call: Call) -> Answer:
    """Delete a file in a session's folder."""
    service.sessions.get(call.path["id"]).workspace.delete(call.path["path"])
    return Answer(204)


FILES = (
    Operation(
        method="GET",
        path="/sessions/{id}/files",
        summary="List the files of a session",
        serve=list_files,
        scope="files",
        query=Folder,
        answers={200: FileList},
        refusals=(400, 404, 422),
    ),
    Operation(
        method="POST",
        path="/sessions/{id}/files",
        summary="Write the files of a form",
        serve=upload_files,
        scope="files",
        action="write",
        body=FORM,
        query=Overwrite,
        answers={201: FileList},
        refusals=(400, 404, 409, 422),
    ),
    Operation(
        method="GET",
        path="/sessions/{id}/files/{path}",
        summary="Read a file of a session",
        serve=get_file,
        scope="files",
        answers={200: BYTES},
        refusals=(400, 404),
    ),
    Operation(
        method="PUT",
        path="/sessions/{id}/files/{path}",
        summary="Write a file of a session",
        serve=put_file,
        scope="files",
        action="write",
        body=BYTES,
        query=Overwrite,
        answers={201: FileList},
        refusals=(400, 404, 409, 422),
    ),
    Operation(
        method="DELETE",
        path="/sessions/{id}/files/{path}",
        summary="Delete a file of a session",
        serve=delete_file,
        scope="files",
        action="write",
        answers={204: None},
        refusals=(400, 404),
    ),
)
"""All of it."""
