import json
import timeit
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beaker_kernel.errors import ProtocolError
from beaker_kernel.protocol.codec import decode, decode_envelope, encode
from beaker_kernel.protocol.messages import (
    AddChildCodeCell,
    Envelope,
    ExecuteRequestMsg,
    LlmDelta,
    LlmThought,
    ToolCall,
)
from beaker_kernel.protocol.names import SHELL_REQUESTS
from beaker_kernel.protocol.registry import MESSAGES, REPLIES
from beaker_kernel.protocol.replies import ErrorReply, OkReply, Variable, VariablesReply
from beaker_kernel.protocol.requests import ContextSetupRequest, LlmRequest, SetAgentModel

THOUGHT = LlmThought(
    seq=3,
    thought="look at it",
    thought_id="t1",
    tool_calls=(
        ToolCall(tool_call_id="c1", tool_name="run_code", tool_input={"code": "1"}, state="done"),
    ),
)
VARIABLES = VariablesReply(
    variables=(Variable(name="x", type="list", preview="[1]", shape=(1,), size=64),), total=1
)
ADOPTED = AddChildCodeCell(
    seq=1,
    language="python",
    code="1",
    autoexecute=True,
    execute_request_msg=ExecuteRequestMsg(header={"msg_id": "m", "version": None}),
)


def test_fields_without_a_value_are_left_out():
    assert encode(LlmDelta(seq=1, text="Hel")) == {"seq": 1, "text": "Hel"}


def test_the_keys_of_free_form_objects_are_kept_as_they_are():
    content = encode(ContextSetupRequest(context="c", context_info={"a": None, "b": (1, 2)}))
    assert content["context_info"] == {"a": None, "b": (1, 2)}


@pytest.mark.parametrize(
    ("msg_type", "message"),
    [
        ("llm_thought", THOUGHT),
        ("variables_reply", VARIABLES),
        ("add_child_codecell", ADOPTED),
        ("llm_reply", OkReply()),
        ("llm_reply", ErrorReply(ename="KernelDied", evalue="it died", traceback=("line",))),
        ("approve_reply", ErrorReply(status="aborted")),
        ("set_agent_model", SetAgentModel(model_config={"temperature": 0.5})),
    ],
)
def test_what_is_encoded_is_decoded_to_an_equal_message(msg_type, message):
    assert decode(msg_type, json.loads(json.dumps(encode(message)))) == message


def test_unknown_fields_are_ignored():
    assert decode("llm_request", {"request": "why?", "theme": "dark"}) == LlmRequest(request="why?")


def test_null_means_that_the_field_is_missing():
    assert decode("set_agent_model", {"provider_id": None}) == SetAgentModel()


@pytest.mark.parametrize(
    ("msg_type", "content", "words"),
    [
        ("llm_request", {}, "llm_request: request: Field required"),
        ("llm_request", {"request": 3}, "llm_request: request: Input should be a valid string"),
        ("llm_request", {"request": "a", "attachments": ["x", 3]}, "attachments.1: "),
        ("variables_request", {"limit": "5"}, "variables_request: limit: "),
        ("variables_request", {"limit": True}, "variables_request: limit: "),
        ("approve_request", {"approval_id": "a", "sha256": "b", "decision": "maybe"}, "decision: "),
        ("variables_reply", {"status": "ok", "variables": [{}]}, "variables.0.name: .* more"),
        ("variables_reply", {"status": "fine"}, "status"),
        ("llm_request", [], "llm_request: content: "),
        ("llm_request", {"request": "\ud800"}, "llm_request: this is no JSON"),
        ("no_such_request", {}, "no_such_request: Beaker has no such message"),
    ],
)
def test_a_malformed_message_is_told_in_one_line_that_names_the_field(msg_type, content, words):
    with pytest.raises(ProtocolError, match=words) as raised:
        decode(msg_type, content)
    assert "\n" not in str(raised.value)


def test_an_object_nested_without_end_is_a_protocol_error():
    loop = {}
    loop["context_info"] = loop
    with pytest.raises(ProtocolError):
        decode("context_setup_request", {"context": "c", "context_info": loop})


TEXT = st.text("aé\ud800\0", max_size=3)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda children: st.lists(children) | st.dictionaries(TEXT, children),
    max_leaves=5,
)
FIELDS = st.sampled_from(["request", "context", "code", "since", "limit", "names", "decision"])


@settings(deadline=None)
@given(msg_type=st.sampled_from(sorted(SHELL_REQUESTS)), content=st.dictionaries(FIELDS, JSON))
def test_whatever_arrives_becomes_a_message_or_a_protocol_error(msg_type, content):
    with suppress(ProtocolError):
        assert type(decode(msg_type, content)) is MESSAGES[msg_type]


@pytest.mark.parametrize("msg_type", [*MESSAGES, *REPLIES])
def test_every_message_can_be_validated(msg_type):
    with pytest.raises(ProtocolError, match=msg_type):
        decode(msg_type, "no object")


def test_an_envelope_is_read_before_its_content():
    data = {"type": "llm_request", "content": {"request": "why?"}, "id": "1"}
    envelope = decode_envelope(data)
    assert envelope == Envelope(type="llm_request", content={"request": "why?"}, id="1")
    assert encode(envelope) == data


def test_data_that_is_no_envelope_is_a_protocol_error():
    with pytest.raises(ProtocolError, match="comm_msg: type: Field required"):
        decode_envelope({"content": {}})


def test_a_piece_of_an_answer_is_encoded_in_microseconds():
    delta = LlmDelta(seq=1, text="Hel")
    assert min(timeit.repeat(lambda: encode(delta), number=1000, repeat=20)) < 0.01
