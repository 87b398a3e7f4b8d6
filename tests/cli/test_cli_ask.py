"""`beaker ask` against real kernels and a scripted model."""

from __future__ import annotations

import signal
import sys

import pytest

from beaker_kernel.cli import main
from tests.support.scripted_model import call, chunk, hang, refusal, text

PROGRAM = "print(6 * 7)"


def test_the_answer_goes_to_standard_output(beaker, model):
    model.when("capital", text("Lyon, **they** say."))
    ended = beaker.run("ask", "the capital?")
    assert (ended.returncode, ended.stdout) == (0, "Lyon, **they** say.\n")


def test_a_dash_reads_the_question_from_standard_input(beaker, model):
    ended = beaker.run("ask", "-", stdin="what is\nthis?\n")
    assert ended.returncode == 0
    assert "what is\nthis?" in model.requests[0].question


def test_the_code_of_a_new_cell_is_shown_fenced(beaker, model):
    model.when("head", call("insert_cell", code="df.head()\n# ```"), text("There."))
    ended = beaker.run("ask", "the head")
    assert ended.stdout == "````python\ndf.head()\n# ```\n````\nThere.\n"


def test_code_is_not_run_where_nobody_can_be_asked(beaker, model):
    model.when("sum", call("run_code", code=PROGRAM), text("I could not."))
    ended = beaker.run("ask", "the sum")
    assert (ended.returncode, ended.stdout) == (0, "I could not.\n")
    assert "not run, as nobody can be asked here; --auto allows it" in ended.stderr
    assert ended.stderr.count("not run") == 1
    assert "refused" not in ended.stderr


def test_that_the_model_wants_to_run_code_is_said_once(beaker, model):
    model.when("sum", call("run_code", code=PROGRAM), text("I could not."))
    said = beaker.run("ask", "the sum").stderr
    assert said.lower().count("the model wants to run this") == 1
    assert "The model wants to run this:\n```python\n" in said


def test_auto_runs_the_code_and_shows_it(beaker, model):
    model.when("sum", call("run_code", code=PROGRAM), text("That is it."))
    ended = beaker.run("ask", "--auto", "the sum")
    assert ended.returncode == 0
    assert ended.stdout == f"```python\n{PROGRAM}\n```\n42\nThat is it.\n"


def test_a_failing_cell_is_shown_and_the_answer_goes_on(beaker, model):
    model.when("ratio", call("run_code", code="1 / 0"), text("It fails."))
    ended = beaker.run("ask", "--auto", "the ratio")
    assert (ended.returncode, "It fails.\n" in ended.stdout) == (0, True)
    assert "ZeroDivisionError" in ended.stderr
    assert "\x1b" not in ended.stderr


def test_the_model_is_the_one_that_was_named(beaker, model):
    assert beaker.run("ask", "--model", "another", "hello").returncode == 0
    assert model.requests[0].body["model"] == "another"


def test_a_refused_key_fails_and_is_not_shown(beaker, model):
    model.when("hello", refusal(401, "bad key"))
    ended = beaker.run("ask", "hello")
    assert ended.returncode == 1
    assert "beaker: ModelAuthError: " in ended.stderr
    assert "sk-a-secret" not in ended.stderr + ended.stdout


def test_a_retry_is_told(beaker, model):
    model.when("hello", refusal(429, "slow down", retry_after=0.1), text("Now."))
    ended = beaker.run("ask", "hello")
    assert (ended.returncode, ended.stdout) == (0, "Now.\n")
    assert "again in 0.1 s" in ended.stderr


def test_without_a_model_the_way_to_one_is_told(beaker):
    ended = beaker.run("ask", "hello")
    assert ended.returncode == 1
    assert "OPENAI_API_KEY" in ended.stderr


def test_an_empty_question_is_refused(beaker):
    assert beaker.run("ask", "-", stdin=" \n").returncode == 2


def test_an_unknown_kernel_is_refused(beaker):
    ended = beaker.run("ask", "--kernel", "nothing", "hello")
    assert (ended.returncode, "`beaker install`" in ended.stderr) == (2, True)


def test_a_kernel_that_is_not_ours_is_refused(beaker):
    ended = beaker.run("ask", "--kernel", "python3", "hello")
    assert (ended.returncode, "is not a Beaker kernel" in ended.stderr) == (2, True)


def test_a_missing_connection_file_is_refused(beaker):
    ended = beaker.run("ask", "--existing", "kernel-gone.json", "hello")
    assert (ended.returncode, "no connection file" in ended.stderr) == (2, True)


def test_a_running_kernel_is_asked_about_its_own_variables_and_lives_on(beaker, model):
    model.when("answer", call("run_code", code="print(answer)"), text("See above."))
    with beaker.running_kernel() as (file, client):
        client.execute_interactive("answer = 'forty-two'", timeout=30)
        ended = beaker.run("ask", "--existing", file, "--auto", "the answer")
        assert "forty-two\nSee above.\n" in ended.stdout
        lives = client.execute_interactive("assert answer", timeout=30)
        assert lives["content"]["status"] == "ok"


def test_the_time_that_was_given_is_kept(beaker, model):
    model.when("forever", hang(chunk({"content": "Well"})))
    ended = beaker.run("ask", "--timeout", "3", "forever")
    assert (ended.returncode, "no answer within 3 seconds" in ended.stderr) == (1, True)


@pytest.mark.parametrize("seconds", ["-1", "0", "nan", "inf", "soon"])
def test_a_time_that_is_none_is_refused(capsys, seconds):
    with pytest.raises(SystemExit) as refusal:
        main(["ask", "--timeout", seconds, "hello"])
    said = f"argument --timeout: {seconds!r} is no number of seconds greater than 0\n"
    assert (refusal.value.code, capsys.readouterr().err.endswith(said)) == (2, True)


def test_yes_at_the_terminal_runs_the_code_that_was_shown(beaker, model):
    model.when("sum", call("run_code", code=PROGRAM), text("That is it."))
    with beaker.at_terminal("ask", "the sum") as terminal:
        assert f"```python\n{PROGRAM}\n```" in terminal.read_until("[n]o: ")
        terminal.type("y\n")
        status, out, _ = terminal.end()
    assert (status, out) == (0, f"```python\n{PROGRAM}\n```\n42\nThat is it.\n")


def test_no_at_the_terminal_runs_nothing(beaker, model):
    model.when("sum", call("run_code", code=PROGRAM), text("As you like."))
    with beaker.at_terminal("ask", "the sum") as terminal:
        terminal.read_until("[n]o: ")
        terminal.type("what?\n")
        terminal.read_until("[n]o: ")
        terminal.type("n\n")
        status, out, _ = terminal.end()
    assert (status, out) == (0, "As you like.\n")


def test_edit_at_the_terminal_runs_what_the_person_made_of_it(beaker, model, tmp_path):
    editor = tmp_path / "editor.py"
    editor.write_text("import sys; open(sys.argv[1], 'w').write('print(6 * 8)')")
    beaker.settings["EDITOR"] = f"{sys.executable} {editor}"
    model.when("sum", call("run_code", code=PROGRAM), text("That is it."))
    with beaker.at_terminal("ask", "the sum") as terminal:
        terminal.read_until("[n]o: ")
        terminal.type("e\n")
        status, out, _ = terminal.end()
    assert (status, out) == (0, "```python\nprint(6 * 8)\n```\n48\nThat is it.\n")


def test_hidden_characters_in_proposed_code_are_written_out(beaker, model):
    model.when("sum", call("run_code", code="x = 1 # \u202e\x1b[2J"), text("No."))
    with beaker.at_terminal("ask", "the sum") as terminal:
        assert "x = 1 # ⟨U+202E⟩⟨U+001B⟩[2J" in terminal.read_until("[n]o: ")
        terminal.type("n\n")
        assert terminal.end()[0] == 0


def test_a_question_of_the_models_is_answered_at_the_terminal(beaker, model):
    model.when("plot", call("ask_user", question="Which column?"), text("Thanks."))
    with beaker.at_terminal("ask", "a plot") as terminal:
        terminal.read_until("Which column?")
        terminal.type("the third\n")
        assert terminal.end()[:2] == (0, "Thanks.\n")
    assert "the third" in str(model.requests[-1].body["messages"])


def test_an_interrupt_stops_the_model_and_the_status_says_so(beaker, model):
    model.when("forever", hang(chunk({"content": "Well"})))
    with beaker.at_terminal("ask", "forever") as terminal:
        (request,) = model.wait_for_requests(1, timeout=60)
        assert terminal.process.stdout.read(4) == b"Well"
        terminal.process.send_signal(signal.SIGINT)
        assert request.gone.wait(10)
        assert terminal.end()[0] == 130


def test_an_interrupt_ends_a_question_that_waits_for_a_word(beaker, model):
    model.when("sum", call("run_code", code=PROGRAM), text("That is it."))
    with beaker.at_terminal("ask", "the sum") as terminal:
        terminal.read_until("[n]o: ")
        terminal.process.send_signal(signal.SIGINT)
        status, out, _ = terminal.end()
    assert (status, out) == (130, "")


def test_a_killed_command_leaves_no_process(beaker, model):
    model.when("forever", hang(chunk({"content": "Well"})))
    with beaker.at_terminal("ask", "forever"):  # it kills, then looks for what is left
        model.wait_for_requests(1, timeout=60)
