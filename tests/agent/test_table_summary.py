"""What is told of a table, as the subkernel finds it."""

from __future__ import annotations

import pandas as pd
import pytest

from beaker_kernel.agent.briefing import without_cut_words
from beaker_kernel.agent.table_summary import ROOM, shapes, summarize

KEY = "sk-canary-0123456789abcdef"


@pytest.mark.parametrize("before", range(ROOM - len(KEY) - 3, ROOM + 3))
def test_no_part_of_a_key_is_left_where_a_value_or_a_name_is_cut(before: int) -> None:
    value = f"{'x' * (before - 1)} {KEY}"
    frame = pd.DataFrame({"a": [value], value: [1]})
    summary = without_cut_words(summarize({"frame": frame}, "frame", None)).replace(KEY, "")
    assert "sk-" not in summary


def test_frames_are_listed_and_nothing_else() -> None:
    frame = pd.DataFrame({"a": [1, 2]})
    assert shapes({"frame": frame, "_hidden": frame, "series": frame.a}) == [("frame", 2, 1)]


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(LookupError, match="no data frame 'gone'"):
        summarize({"gone": 5}, "gone", None)
    with pytest.raises(LookupError, match="no column 'b'; there are a"):
        summarize({"frame": pd.DataFrame({"a": [1]})}, "frame", ["b"])
