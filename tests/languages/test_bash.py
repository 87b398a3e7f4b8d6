import pytest

from beaker_kernel.errors import ProtocolError
from beaker_kernel.languages.bash import Bash

DEFINITIONS = r"""x=5; declare -i number=3; items=(1 "two words" 3); declare -A table=([k]=v)
lines=$'a\nb\tc'; export SHARED=yes; text=mine; name=Ada; empty=
big=$(head -c 3000000 /dev/zero | tr '\0' x); readonly big
set -u"""

bash = Bash()


@pytest.fixture(scope="module")
def session(start):
    session = start("bash", "bash_kernel")
    session.run(DEFINITIONS)
    return session


@pytest.fixture(scope="module")
def variables(session):
    return {found.name: found for found in session.ask(bash, bash.variables(50)).variables}


def test_what_the_person_has_set_is_listed_and_nothing_else(variables):
    names = {"SHARED", "big", "empty", "items", "lines", "name", "number", "table", "text", "x"}
    assert set(variables) == names


@pytest.mark.parametrize(
    ("name", "kind", "shape", "preview"),
    [
        ("x", "string", (1,), "5"),
        ("number", "integer", (1,), "3"),
        ("items", "array", (3,), r"1 two\ words 3"),
        ("table", "associative array", (1,), "k"),
        ("lines", "string", (5,), r"$'a\nb\tc'"),
        ("empty", "string", (0,), "''"),
        ("text", "string", (4,), "mine"),
        ("big", "string", (3000000,), "x" * 200 + "…"),
    ],
)
def test_a_variable_is_described(variables, name, kind, shape, preview):
    variable = variables[name]
    assert (variable.type, variable.shape, variable.preview) == (kind, shape, preview)


def test_no_more_than_the_limit_are_listed_and_all_are_counted(session):
    reply = session.ask(bash, bash.variables(2))
    assert (len(reply.variables), reply.total) == (2, 10)


def test_a_named_variable_has_a_longer_preview(session):
    (variable,) = session.ask(bash, bash.describe(("big",))).variables
    assert variable.preview == "x" * 2000 + "…"


def test_of_a_long_array_the_first_five_are_shown(session):
    session.run("many=(1 2 3 4 5 6 7)")
    (variable,) = session.ask(bash, bash.describe(("many",))).variables
    assert (variable.shape, variable.preview) == ((7,), "1 2 3 4 5 …")
    session.run("unset many")


def test_a_name_that_would_be_code_is_not_asked_for(session):
    assert session.ask(bash, bash.describe(("$(exit)", "x; exit", "missing"))).variables == ()


def test_nothing_is_left_behind(session):
    before = session.run("compgen -v; set +o")[1]
    session.ask(bash, bash.variables(50))
    assert session.run("compgen -v; set +o")[1] == before


def test_an_answer_without_a_listing_is_a_protocol_error():
    with pytest.raises(ProtocolError, match="variables: no answer"):
        bash.parse(bash.variables(1), {"status": "ok"}, "something else")


def test_a_missing_command_is_named():
    assert "jq" in bash.install_hint("jq")
