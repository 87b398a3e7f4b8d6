import ast
import time
from pathlib import Path

import pytest

from beaker_kernel.errors import ProtocolError
from beaker_kernel.languages import snapshot
from beaker_kernel.languages.python import Python

DEFINITIONS = """
import datetime, decimal, enum, pathlib, dataclasses
import numpy as np, pandas as pd
class Raising:
    def __init__(self): self.weight, self.label = 1.5, "x" * 1000
    def __repr__(self): raise RuntimeError("no")
    __len__ = __iter__ = __bool__ = __sizeof__ = __getattr__ = __repr__
class Endless(dict):
    def __repr__(self):
        while True: pass
    __len__ = __iter__ = __bool__ = __sizeof__ = __str__ = __eq__ = items = keys = __repr__
    __hash__ = None
@dataclasses.dataclass
class Point:
    __slots__ = ("x", "y")
    x: int
    y: int
raising, endless, point = Raising(), Endless(a=1), Point(1, 2)
table = pd.DataFrame({"n": np.arange(10**6), "f": np.ones(10**6), "s": ["a"] * 10**6})
wide = pd.DataFrame(np.zeros((2, 5000)))
objects = pd.DataFrame({"o": [raising, endless]})
column, index = table["f"], pd.Index([1, 2])
array, scalar = np.zeros((1000, 1000)), np.int64(3)
text = "é" * 10**8
nested = {"a": {"b": {"c": {"d": 1}}}, "l": list(range(1000))}
circle = []; circle.append(circle)
loop = {}; loop["self"] = loop
huge, ratio, nothing, blob = 1 << 10**6, 0.5, None, b"x" * 10**6
when, price, path = datetime.datetime(2026, 1, 2), decimal.Decimal("1.10"), pathlib.Path("/a")
pair, unique = (1, "\\ud800"), {3}
def double(x, *, times=2): return x * times
gaps = pd.DataFrame({"a": [1.0, None, None], "b": ["x", None, "z"], "c": [1, 2, 3]})
import typing
class Shown(type):
    def __repr__(self): raise RuntimeError("no")
class Meta(metaclass=Shown): pass
def fit(x: pd.DataFrame, y: list[int] | None = None, /, rate: "float" = 0.5, *rest,
        model: Meta = raising, strict, **others: dict[str, Meta]) -> typing.Optional[Meta]:
    \"\"\"Fit a line
    to what is given.

    More of it.
    \"\"\"
exec = eval = globals = repr = len = None
_hidden = 1
globals_like = {1: 2}
"""

TRACES = """import json as _json
print(_json.dumps([
    sorted(dir()), f"{_!r} {__!r} {_i!r}", sorted(Out), In, get_ipython().execution_count
]))
"""

python = Python()


@pytest.fixture(scope="module")
def session(start):
    session = start("python", "ipykernel_launcher")
    assert session.run(DEFINITIONS, store_history=True)[0]["status"] == "ok"
    session.run("41 + 1", store_history=True)
    return session


@pytest.fixture(scope="module")
def variables(session):
    return {found.name: found for found in session.ask(python, python.variables(100)).variables}


@pytest.mark.parametrize(
    ("name", "kind", "shape", "preview"),
    [
        ("table", "pandas.DataFrame", (10**6, 3), "'n': int64, 'f': float64, 's': str; "
         "nulls not counted; first rows: [0, 1.0, 'a'], [1, 1.0, 'a'], [2, 1.0, 'a']"),
        ("column", "pandas.Series", (10**6,), "float64 [1.0, 1.0, 1.0, 1.0, 1.0, … 999995 more]"),
        ("index", "pandas.Index", (2,), "int64 [1, 2]"),
        ("array", "numpy.ndarray", (1000, 1000), "ndarray(1000, 1000), float64"),
        ("scalar", "numpy.int64", None, "3"),
        ("nested", "dict", (2,), "{'a': {'b': {'c': {…}}}, 'l': [0, 1, 2, 3, 4, … 995 more]}"),
        ("circle", "list", (1,), "[[[[…]]]]"),
        ("loop", "dict", (1,), "{'self': {'self': {'self': {…}}}}"),
        ("endless", "Endless", (1,), "{'a': 1}"),
        ("raising", "Raising", None, f"Raising(weight=1.5, label='{'x' * 58}…)"),
        ("point", "Point", None, "Point(x=1, y=2)"),
        ("huge", "int", None, "<int of 1000001 bits>"),
        ("ratio", "float", None, "0.5"),
        ("nothing", "NoneType", None, "None"),
        ("blob", "bytes", (10**6,), f"b'{'x' * 57}…"),
        ("when", "datetime.datetime", None, "2026-01-02T00:00:00"),
        ("price", "decimal.Decimal", None, "Decimal('1.10')"),
        ("path", "pathlib.PosixPath", None, "PosixPath('/a')"),
        ("pair", "tuple", (2,), "(1, '\\ud800')"),
        ("unique", "set", (1,), "{3}"),
        ("double", "function", None, "double(x, *, times=2)"),
        ("Point", "type", None, "class Point(object)"),
        ("gaps", "pandas.DataFrame", (3, 3), "'a': float64, 'b': str, 'c': int64; "
         "nulls: 'a': 2, 'b': 1; first rows: [1.0, 'x', 1], [nan, nan, 2], [nan, 'z', 3]"),
        ("objects", "pandas.DataFrame", (2, 1), "'o': object; nulls: none; first rows: "
         f"[Raising(weight=1.5, label='{'x' * 58}…)], [{{'a': 1}}]"),
        ("fit", "function", None, "fit(x: DataFrame, y: list[int] | None = None, /, rate: float"
         f" = 0.5, *rest, model: Meta = Raising(weight=1.5, label='{'x' * 32}…, strict, "
         "**others: dict[str, Meta]) -> Meta | None: Fit a line to what is given."),
    ],
)  # fmt: skip
def test_a_variable_is_described(variables, name, kind, shape, preview):
    variable = variables[name]
    assert (variable.type, variable.shape, variable.preview) == (kind, shape, preview)


SETS = """
names = {f"name {n}" for n in range(300)}
mixed = frozenset({"b", "a", 10, 9, ("z", "y"), frozenset({"n", "m"})})
holder = [{"q": {"east", "north", "south", "west"}}]
huge_set = {str(n) for n in range(10**6)}
big_mixed = {*map(str, range(500)), None}
class Odd(set):
    __iter__ = __len__ = __repr__ = None
odd = Odd({"b", "a"})
"""


@pytest.fixture(scope="module")
def otherwise_hashing(start):
    sessions = []
    for seed in ("1", "2"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONHASHSEED", seed)
            sessions.append(start("python", "ipykernel_launcher"))
        sessions[-1].run(SETS)
    return sessions


def test_sets_are_shown_alike_whatever_string_hashing_does(otherwise_hashing):
    previews = []
    for session in otherwise_hashing:
        listed = session.ask(python, python.variables(100)).variables
        previews.append({found.name: found.preview for found in listed})
    assert previews[0] == previews[1]
    names = "'name 0', 'name 1', 'name 10', 'name 100', 'name 101'"
    assert previews[0] == {
        "names": f"{{{names}, … 295 more}}",
        "mixed": "{'a', 'b', ('z', 'y'), 10, 9, … 1 more}",
        "holder": "[{'q': {'east', 'north', 'south', 'west'}}]",
        "huge_set": "{… 1000000 more}",
        "big_mixed": "{… 501 more}",
        "Odd": "class Odd(set)",
        "odd": "{'a', 'b'}",
    }


def test_every_preview_is_bounded(variables):
    assert max(len(variable.preview) for variable in variables.values()) <= 600
    assert variables["text"].shape == (10**8,)


def test_sizes_are_those_that_the_objects_know(variables):
    assert variables["array"].size == 8 * 10**6
    assert variables["table"].size > 16 * 10**6
    assert variables["text"].size > 10**8
    assert variables["raising"].size is None


def test_modules_and_hidden_names_are_left_out(variables):
    hidden = {"np", "pd", "_hidden", "In", "Out", "exit", "quit", "get_ipython", "open", "_"}
    assert not hidden & set(variables)


def test_the_newest_variables_are_listed_oldest_first_and_all_are_counted(session):
    reply = session.ask(python, python.variables(2))
    assert [found.name for found in reply.variables] == ["len", "globals_like"]
    assert reply.total > 30


def test_a_named_variable_has_a_longer_preview(session):
    text, nested = session.ask(python, python.describe(("text", "nested", "missing"))).variables
    assert len(text.preview) == 2000
    assert "49, … 950 more" in nested.preview


def test_no_word_of_a_question_describes_a_module_or_the_kernels_own(session):
    assert session.ask(python, python.describe(("pd", "In", "Out", "open", "exit"))).variables == ()


def test_names_are_never_code(session):
    assert session.ask(python, python.describe(("'); quit(); ('", "exit()"))).variables == ()


def test_nothing_is_left_behind_and_nothing_is_published(session):
    before = session.run(TRACES, store_history=False)[1]
    session.ask(python, python.variables(100))
    assert {message["msg_type"] for message in session.said} == {"status"}
    session.ask(python, python.describe(("table",)))
    assert "raising" in before
    assert session.run(TRACES, store_history=False)[1] == before


def test_the_execution_count_does_not_move(session):
    count = session.run("1", store_history=True)[0]["execution_count"]
    for _ in range(3):
        session.ask(python, python.variables(10))
    assert session.run("2", store_history=True)[0]["execution_count"] == count + 1


def test_a_namespace_of_big_things_takes_less_than_a_tenth_of_a_second(session):
    assert min(seconds(session) for _ in range(5)) < 0.1


@pytest.fixture(scope="module")
def untouched(start):
    return start("python", "ipykernel_launcher")


def test_nothing_is_imported_into_a_session_that_has_not(untouched):
    modules = "import sys; print(sorted(sys.modules))"
    before = ast.literal_eval(untouched.run(modules)[1])
    untouched.ask(python, python.variables(10))
    assert ast.literal_eval(untouched.run(modules)[1]) == before


def test_what_is_sent_is_grammar_that_an_old_python_reads():
    ast.parse(Path(snapshot.__file__).read_text(), feature_version=(3, 8))


def test_a_failed_expression_is_a_protocol_error_that_says_why():
    reply = {"user_expressions": {"beaker": {"status": "error", "evalue": "no such thing"}}}
    with pytest.raises(ProtocolError, match="variables: no such thing"):
        python.parse(python.variables(1), reply, "")


def test_an_answer_that_is_no_listing_is_a_protocol_error():
    forged = {"status": "ok", "data": {"text/plain": repr('{"status": "error"}')}}
    with pytest.raises(ProtocolError, match="answered with an error"):
        python.parse(python.variables(1), {"user_expressions": {"beaker": forged}}, "")


def test_a_reply_without_expressions_is_a_protocol_error():
    with pytest.raises(ProtocolError, match="variables: no answer"):
        python.parse(python.variables(1), {"status": "aborted"}, "")


@pytest.mark.parametrize(
    ("module", "hint"),
    [("sklearn.svm", "%pip install scikit-learn"), ("pandas", "%pip install pandas")],
)
def test_the_hint_names_the_distribution_of_a_missing_module(module, hint):
    assert python.install_hint(module) == hint


def seconds(session):
    started = time.perf_counter()
    session.ask(python, python.variables(100))
    return time.perf_counter() - started
