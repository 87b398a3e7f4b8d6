"""The JSON Schema of all messages, from which the frontends' types are made.

``python -m beaker_kernel.protocol.schema`` writes docs/reference/protocol.schema.json; ``--check``
only says, by its exit status, whether the file is up to date.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue

from beaker_kernel.protocol.messages import KernelFeatures
from beaker_kernel.protocol.names import FREE_FORM, PROTOCOL_VERSION
from beaker_kernel.protocol.registry import COMM_MESSAGES, EVENTS, REPLIES, REQUESTS, SIGNS
from beaker_kernel.protocol.validation import adapter, envelope_adapter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic_core import core_schema

SCHEMA = Path(__file__).parents[2] / "docs" / "reference" / "protocol.schema.json"


class _WireSchema(GenerateJsonSchema):
    """What is really on the wire: no titles, no nulls, each field with a value in what we send."""

    def field_title_should_be_set(self, schema: Mapping[str, object]) -> bool:
        return False

    def field_is_required(
        self,
        field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField,
        total: bool,
    ) -> bool:
        if self.mode == "serialization":
            return not _may_be_none(field["schema"])
        return super().field_is_required(field, total)

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if _may_be_none(schema):
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


def _may_be_none(schema: Mapping[str, object]) -> bool:
    return schema["type"] == "default" and "default" in schema and schema["default"] is None


def protocol_schema() -> dict[str, Any]:
    """Describe every message: ``properties`` by msg_type, and the classes in ``$defs``."""
    adapters = list(_adapters())
    places, document = TypeAdapter.json_schemas(adapters, schema_generator=_WireSchema)
    properties = {name: places[name, mode] for name, mode, _ in adapters}
    properties |= {name: {"type": "object", "additionalProperties": True} for name in FREE_FORM}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "BeakerMessages",
        "description": f"Beaker's messages by type, protocol version {PROTOCOL_VERSION}",
        "type": "object",
        "properties": dict(sorted(properties.items())),
        "required": sorted(properties),
        "$defs": document["$defs"],
    }


def _adapters() -> Iterator[tuple[str, JsonSchemaMode, TypeAdapter[Any]]]:
    """Name each message once; what we send is described as we write it, without liberties."""
    for request in REQUESTS:
        yield request.msg_type, "validation", adapter(request.msg_type)
    for message in (*EVENTS, *SIGNS, *COMM_MESSAGES):
        yield message.msg_type, "serialization", adapter(message.msg_type)
    for reply in REPLIES:
        yield reply, "serialization", adapter(reply)
    yield "comm_msg", "serialization", envelope_adapter()
    yield "kernel_info_reply.beaker", "serialization", TypeAdapter(KernelFeatures)


def render() -> str:
    """Give the file's text."""
    return json.dumps(protocol_schema(), indent=2) + "\n"


def main(argv: list[str] | None = None) -> int:
    """Write the schema, or check it; 1 if it is stale."""
    parser = argparse.ArgumentParser(prog="python -m beaker_kernel.protocol.schema")
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if it is stale")
    parser.add_argument("--file", type=Path, default=SCHEMA, help="default: %(default)s")
    options = parser.parse_args(argv)
    if options.check:
        return int(not options.file.exists() or options.file.read_text() != render())
    options.file.write_text(render())
    return 0


if __name__ == "__main__":
    sys.exit(main())
