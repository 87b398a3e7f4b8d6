"""An error comes with a hint on what to do."""

from __future__ import annotations

import pytest

from beaker_kernel.execution.results import ExecutionError
from beaker_kernel.execution.suggestions import suggestion, words
from beaker_kernel.execution.tracebacks import parsed


def error(name: str, value: str) -> ExecutionError:
    return ExecutionError(name=name, value=value, traceback=[], traceback_ansi=[])


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("ModuleNotFoundError", "No module named 'sklearn.tree'", "%pip install scikit-learn"),
        ("ModuleNotFoundError", "No module named 'polars'", "%pip install polars"),
        ("NameError", "name 'dataframe' is not defined", "Did you mean 'data_frame'?"),
        ("StdinNotImplementedError", "raw_input was called", '"stdin"'),
        ("EOFError", "", "more input"),
    ],
)
def test_an_error_has_a_hint(name: str, value: str, hint: str) -> None:
    assert hint in (suggestion("error", error(name, value), {"data_frame"}) or "")


@pytest.mark.parametrize(("status", "hint"), [("timeout", "background"), ("killed", "memory")])
def test_an_end_has_a_hint(status: str, hint: str) -> None:
    assert hint in (suggestion(status, None, ()) or "")  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["name 'x' is not defined", "something else"])
def test_where_nothing_is_known_nothing_is_said(value: str) -> None:
    assert suggestion("error", error("NameError", value), words(["x = alpha + 1"])) is None


@pytest.mark.parametrize(
    ("traceback", "line"),
    [
        (["Cell In[12], line 7", "----> 7 f()", "File m.py:3, in f()", "----> 3 1/0"], 7),
        (['  File "<ipython-input-1-ab>", line 2'], None),
        (["  Cell In[1], line 3\n    x = (\n        ^\nSyntaxError: never closed"], 3),
        ([], None),
    ],
)
def test_the_line_is_the_cells_own(traceback: list[str], line: int | None) -> None:
    assert parsed("E", "", traceback).line == line
