"""The OpenAPI 3.1 document, written from the table of operations and the models that validate."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from beaker_kernel import __version__
from beaker_kernel.server.operations import EVENTS, FORM, JSON, Problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic import BaseModel

    from beaker_kernel.server.operations import Operation

ALWAYS_REFUSED = (401, 403, 429)
REFERENCE = "#/components/schemas/{model}"
Schema = dict[str, Any]


def document(operations: Iterable[Operation], server: str) -> Schema:
    """Return the description of operations that stand below the URL `server`."""
    operations = list(operations)
    paths: dict[str, Schema] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Beaker's execution API", "version": __version__},
        "servers": [{"url": server}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": _schemas(operations),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(operation: Operation) -> Schema:
    described: Schema = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": (operation.serve.__doc__ or "").strip(),
        "parameters": [*_in_path(operation.path), *_in_query(operation)],
        "responses": {str(status): response for status, response in _responses(operation)},
    }
    if operation.body:
        described["requestBody"] = {"required": True, "content": _request(operation.body)}
    return described


def _in_path(path: str) -> Iterator[Schema]:
    for part in path.split("/"):
        if part.startswith("{"):
            schema = {"type": "string", "minLength": 1}
            yield {"name": part.strip("{}"), "in": "path", "required": True, "schema": schema}


def _in_query(operation: Operation) -> Iterator[Schema]:
    if operation.query:
        for name, schema in operation.query.model_json_schema()["properties"].items():
            yield {"name": name, "in": "query", "schema": schema}


def _request(body: type[BaseModel] | str) -> Schema:
    if body == FORM:
        file = {"type": "string", "contentMediaType": "application/octet-stream"}
        return {FORM: {"schema": {"type": "object", "additionalProperties": file}}}
    return _content(body)


def _responses(operation: Operation) -> Iterator[tuple[int, Schema]]:
    for status, body in operation.answers.items():
        response: Schema = {"description": HTTPStatus(status).phrase}
        if body:
            response["content"] = _content(body)
            if operation.streams:
                response["content"][EVENTS] = {"schema": {"type": "string"}}
        yield status, response
    for status in sorted({*operation.refusals, *ALWAYS_REFUSED}):
        yield status, {"description": HTTPStatus(status).phrase, "content": _content(Problems)}


def _content(body: type[BaseModel] | str) -> Schema:
    if isinstance(body, str):
        return {body: {}}
    return {JSON: {"schema": {"$ref": REFERENCE.format(model=body.__name__)}}}


def _schemas(operations: Iterable[Operation]) -> Schema:
    sent: set[type[BaseModel]] = {Problems}
    asked: set[type[BaseModel]] = set()
    for operation in operations:
        sent.update(m for m in operation.answers.values() if isinstance(m, type))
        if isinstance(operation.body, type):
            asked.add(operation.body)
    models = [(m, "serialization") for m in _sorted(sent)]
    models += [(m, "validation") for m in _sorted(asked)]
    _, found = models_json_schema(models, ref_template=REFERENCE)  # type: ignore[arg-type]
    return dict(found["$defs"])


def _sorted(models: set[type[BaseModel]]) -> list[type[BaseModel]]:
    return sorted(models, key=lambda model: model.__name__)
