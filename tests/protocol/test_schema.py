import json

import pytest

from beaker_kernel.protocol import schema
from beaker_kernel.protocol.names import FREE_FORM
from beaker_kernel.protocol.registry import MESSAGES, REPLIES

DOCUMENT = json.loads(schema.SCHEMA.read_text())


def test_the_committed_schema_is_what_the_classes_say():
    assert schema.SCHEMA.read_text() == schema.render(), (
        "stale: run python -m beaker_kernel.protocol.schema"
    )


def test_every_message_and_reply_is_described():
    carried = {"comm_msg", "kernel_info_reply.beaker"}
    assert set(DOCUMENT["properties"]) == {*MESSAGES, *REPLIES, *FREE_FORM, *carried}


@pytest.mark.parametrize(
    ("definition", "required"),
    [
        ("LlmRequest", ["request"]),
        ("LlmDelta", ["seq", "text"]),
        ("LlmResponse", ["seq", "text", "name"]),
        ("VariablesReply", ["status", "variables", "total"]),
        ("Variable", ["name", "type", "preview"]),
    ],
)
def test_the_schema_requires_what_the_sender_always_writes(definition, required):
    assert DOCUMENT["$defs"][definition]["required"] == required


def test_a_reply_is_told_from_an_error_by_its_status():
    reply = DOCUMENT["properties"]["variables_reply"]
    assert [choice["$ref"] for choice in reply["oneOf"]] == [
        "#/$defs/VariablesReply",
        "#/$defs/ErrorReply",
    ]


def test_no_field_is_described_as_null_or_titled():
    fields = [
        field
        for definition in DOCUMENT["$defs"].values()
        for field in definition.get("properties", {}).values()
    ]
    assert fields
    assert all("title" not in field and "anyOf" not in field for field in fields)


def test_check_tells_a_stale_schema_by_its_exit_status_and_writing_mends_it(tmp_path):
    file = tmp_path / "protocol.schema.json"
    file.write_text("{}\n")
    assert schema.main(["--check", "--file", str(file)]) == 1
    assert file.read_text() == "{}\n"
    assert schema.main(["--file", str(file)]) == 0
    assert schema.main(["--check", "--file", str(file)]) == 0
