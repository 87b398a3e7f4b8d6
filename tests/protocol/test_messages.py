import dataclasses
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from beaker_kernel.protocol import messages, names, registry, replies, requests

DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "protocol.md"

CLASSES = {
    cls
    for module in (messages, requests, replies)
    for _, cls in inspect.getmembers(module, dataclasses.is_dataclass)
}


@pytest.mark.parametrize("cls", sorted(CLASSES, key=str), ids=lambda cls: cls.__name__)
def test_every_class_is_frozen_slotted_and_keyword_only(cls):
    assert cls.__dataclass_params__.frozen
    assert "__slots__" in vars(cls)
    assert all(field.kw_only for field in dataclasses.fields(cls))


def test_every_class_with_a_message_type_is_registered_once():
    typed = {cls for cls in CLASSES if "msg_type" in vars(cls)}
    assert set(registry.MESSAGES.values()) == typed
    assert len({cls.msg_type for cls in typed}) == len(typed)


def test_the_names_that_the_relay_routes_by_are_those_of_the_requests():
    assert {request.msg_type for request in registry.REQUESTS} == names.SHELL_REQUESTS


def test_every_event_carries_its_number_in_the_conversation():
    for event in registry.EVENTS:
        assert "seq" in {field.name for field in dataclasses.fields(event)}


@pytest.mark.parametrize(
    ("request_type", "reply_type"),
    [
        ("context_setup_request", "context_setup_reply"),
        ("set_agent_model", "set_agent_model_reply"),
        ("llm_request", "llm_reply"),
        ("beaker_session_info_request", "beaker_session_info_reply"),
    ],
)
def test_a_request_names_its_reply(request_type, reply_type):
    assert names.reply_type(request_type) == reply_type
    assert reply_type in registry.REPLIES


@pytest.mark.parametrize("module", ["messages", "requests", "codec", "names"])
def test_importing_the_vocabulary_does_not_import_pydantic(module):
    program = f"import sys, beaker_kernel.protocol.{module}; print('pydantic' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "False\n"


def test_importing_the_names_imports_no_dataclasses():
    program = "import sys, beaker_kernel.protocol.names; print('dataclasses' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-S", "-c", program], text=True) == "False\n"


@pytest.mark.parametrize("cls", registry.MESSAGES.values(), ids=lambda cls: cls.msg_type)
def test_the_reference_lists_every_message_with_its_fields(cls):
    assert documented_fields(cls.msg_type, column=2) == fields_of(cls)


@pytest.mark.parametrize("request_type", sorted(names.SHELL_REQUESTS))
def test_the_reference_lists_what_every_reply_holds(request_type):
    reply = registry.REPLIES[names.reply_type(request_type)]
    assert documented_fields(request_type, column=4) == fields_of(reply)


def test_the_reference_names_every_free_form_message():
    assert all(f"`{name}`" in DOCUMENT.read_text() for name in names.FREE_FORM)


def fields_of(cls):
    return [f"{field.name}{'?' * (field.default is None)}" for field in dataclasses.fields(cls)]


def documented_fields(msg_type, column):
    (row,) = re.findall(rf"^\| `{msg_type}` .*$", DOCUMENT.read_text(), re.MULTILINE)
    return re.findall(r"`(\w+\??)`", row.split("|")[column])
