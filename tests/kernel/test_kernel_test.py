"""The field's own suite: jupyter_kernel_test, for Beaker in front of ipykernel."""

from __future__ import annotations

from typing import ClassVar

import jupyter_kernel_test


class TestBeaker(jupyter_kernel_test.KernelTests):
    kernel_name = "beaker"
    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('test', file=sys.stderr)"
    code_page_something = "zip?"
    code_generate_error = "raise ValueError('x')"
    code_inspect_sample = "zip"
    code_clear_output = "from IPython.display import clear_output; clear_output()"
    completion_samples: ClassVar = [{"text": "zi", "matches": {"zip"}}]
    complete_code_samples: ClassVar = [
        "1",
        "print('hello, world')",
        "%%ask\nwhat is x",
        "%ask why?",
    ]
    incomplete_code_samples: ClassVar = ["print('''hello", "def f(x):\n  x*2"]
    invalid_code_samples: ClassVar = ["import = 7q"]
    code_execute_result: ClassVar = [{"code": "6*7", "result": "42"}]
    code_display_data: ClassVar = [
        {
            "code": "from IPython.display import HTML, display; display(HTML('<b>t</b>'))",
            "mime": "text/html",
        }
    ]
    code_history_pattern = "6?7"
    supported_history_operations = ("tail", "search")  # IPython names no session for "range"
