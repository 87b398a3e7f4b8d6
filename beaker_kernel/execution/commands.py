"""A command in a shell: run by a kernel of its own, so all that bounds a kernel bounds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beaker_kernel.execution.requests import CommandResult

if TYPE_CHECKING:
    from beaker_kernel.execution.results import Execution

CODE = """
import codecs, shutil, subprocess, sys, threading

def copy(pipe, stream):
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while some := pipe.read1(65_536):
        stream.write(decoder.decode(some))
    stream.write(decoder.decode(b"", final=True))

shell = subprocess.Popen(
    [shutil.which("bash") or "/bin/sh", "-c", {command!r}],
    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
)
errors = threading.Thread(target=copy, args=(shell.stderr, sys.stderr))
errors.start()
try:
    copy(shell.stdout, sys.stdout)
    errors.join()
finally:
    shell.kill()
    exit_code = shell.wait()
exit_code
"""
"""What the kernel runs; the shell is in its process group, and ends with it."""


def code(command: str) -> str:
    """Return what has a Python kernel run a command."""
    return CODE.format(command=command)


def result(execution: Execution) -> CommandResult:
    """Return what came of a command, read from the execution that has run it."""
    ended = execution.status == "ok"
    return CommandResult(
        stdout=execution.stdout,
        stderr=execution.stderr,
        exit_code=int(execution.results[-1].text or 0) if ended else None,
        timed_out=execution.status == "timeout",
    )
