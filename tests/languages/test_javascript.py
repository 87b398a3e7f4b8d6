import pytest

from beaker_kernel.errors import ProtocolError
from beaker_kernel.languages import load
from beaker_kernel.languages.javascript import TypeScript
from tests.support.other_languages import argv

DEFINITIONS = """
var old = 1; function f(a, b) { return a }
let x = 41, u, n = null, big = new Array(1e6).fill(1), list = [1, "two", [3]], count = 10n
const text = 'one "two"', long = "x".repeat(5000), table = new Map([["k", 1]]), o = {a: 1, b: {}}
class Trap { get boom() { throw new Error("ran") } }
const trap = new Trap(), proxy = new Proxy({}, {get() { throw new Error("ran") }})
const day = new Date(0), pattern = /a/g, bag = new Set([1]), console = "shadowed"
"""
NAMES = "old f x u n big list count text long table o Trap trap proxy day pattern bag console"

typescript = TypeScript()


@pytest.fixture(scope="module")
def session(start):
    session = start("typescript", argv=argv("typescript"), transport="tcp")
    session.run(DEFINITIONS)
    return session


@pytest.fixture(scope="module")
def variables(session):
    return {
        found.name: found for found in session.ask(typescript, typescript.variables(50)).variables
    }


def test_what_the_person_has_declared_is_listed_and_nothing_else(variables):
    assert set(variables) == set(NAMES.split())


@pytest.mark.parametrize(
    ("name", "kind", "shape", "preview"),
    [
        ("old", "number", None, "1"),
        ("x", "number", None, "41"),
        ("u", "undefined", None, "undefined"),
        ("n", "null", None, "null"),
        ("count", "bigint", None, "10n"),
        ("text", "string", (9,), '"one \\"two\\""'),
        ("long", "string", (5000,), '"' + "x" * 200 + '"…'),
        ("list", "Array", (3,), "[1, two, Array(1)]"),
        ("table", "Map", (1,), "{k: 1}"),
        ("bag", "Set", (1,), "{1}"),
        ("o", "Object", None, "{a: 1, b: Object}"),
        ("trap", "Trap", None, "Trap"),
        ("proxy", "Object", None, "Proxy(Object)"),
        ("pattern", "RegExp", None, "/a/g"),
        ("f", "function", None, "function f(a, b) {\n  return a;\n}"),
        ("console", "string", (8,), '"shadowed"'),
    ],
)
def test_a_variable_is_described_and_no_code_of_it_runs(variables, name, kind, shape, preview):
    variable = variables[name]
    assert (variable.type, variable.shape, variable.preview) == (kind, shape, preview)


def test_a_large_value_has_a_bounded_preview(variables):
    assert variables["big"].shape == (1_000_000,)
    assert len(variables["big"].preview) <= 600
    assert variables["big"].preview.endswith("…]")


def test_no_more_than_the_newest_are_listed_and_all_are_counted(session):
    reply = session.ask(typescript, typescript.variables(2))
    assert [variable.name for variable in reply.variables] == ["bag", "console"]
    assert reply.total == len(NAMES.split())


def test_those_that_are_named_are_described_and_no_name_is_run(session):
    asked = typescript.describe(("long", "missing", "x; Deno.exit()"))
    (found,) = session.ask(typescript, asked).variables
    assert len(found.preview) == 2003
    assert found.preview.endswith('"…')
    assert session.ask(typescript, typescript.describe(())).variables == ()


def test_nothing_is_left_behind(session):
    count = session.run("x")[0]["execution_count"]
    session.ask(typescript, typescript.variables(50))
    assert session.run("x")[0]["execution_count"] == count + 1
    assert session.ask(typescript, typescript.variables(50)).total == len(NAMES.split())


def test_an_answer_without_a_listing_is_a_protocol_error():
    with pytest.raises(ProtocolError, match="variables: no answer"):
        typescript.parse(typescript.variables(1), {"status": "ok"}, "something else")


@pytest.mark.parametrize(("name", "fence"), [("TypeScript", "typescript"), ("JavaScript",) * 2])
def test_both_names_of_the_language_have_the_adapter(name, fence):
    adapter = load(name)
    assert isinstance(adapter, TypeScript)
    assert (adapter.name, adapter.fence) == (name.lower(), fence.lower())


def test_a_missing_module_is_imported_from_the_registry():
    assert typescript.install_hint("@std/path") == 'import * as path from "npm:@std/path"'


def test_a_name_is_no_part_of_the_question(session):
    session.run("const LIMIT = 1, ROOM = 2")
    found = session.ask(typescript, typescript.describe(("LIMIT", "ROOM"))).variables
    assert [variable.name for variable in found] == ["LIMIT", "ROOM"]
