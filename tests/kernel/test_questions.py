"""Who an answer on stdin is for."""

from __future__ import annotations

from beaker_kernel.kernel.questions import Questions
from beaker_kernel.kernel.routing import Route


def test_answers_go_to_the_askers_in_the_order_of_their_questions() -> None:
    questions = Questions()
    questions.ask(b"a", "1", Route.SUBKERNEL)
    questions.ask(b"a", "2", Route.AGENT)
    assert questions.answered(b"a") is Route.SUBKERNEL
    assert questions.answered(b"a") is Route.AGENT


def test_each_frontend_has_questions_of_its_own() -> None:
    questions = Questions()
    questions.ask(b"a", "1", Route.AGENT)
    assert questions.answered(b"b") is Route.SUBKERNEL
    assert questions.answered(b"a") is Route.AGENT


def test_a_question_ends_with_the_request_it_was_asked_under() -> None:
    questions = Questions()
    questions.ask(b"a", "cell", Route.SUBKERNEL)
    questions.ended("cell")
    questions.ask(b"a", "question", Route.AGENT)
    assert questions.answered(b"a") is Route.AGENT


def test_an_answer_to_a_withdrawn_question_is_nobodys_and_answers_no_other() -> None:
    questions = Questions()
    questions.ask(b"a", "1", Route.AGENT, "first")
    questions.withdraw(b"a", Route.AGENT)
    questions.ask(b"a", "1", Route.AGENT, "second")
    assert questions.answered(b"a") is None
    assert questions.answered(b"a") is Route.AGENT


def test_an_answer_may_name_its_question_which_counts_once() -> None:
    questions = Questions()
    questions.ask(b"a", "1", Route.SUBKERNEL, "first")
    questions.ask(b"a", "2", Route.AGENT, "second")
    assert questions.answered(b"a", "second") is Route.AGENT
    assert questions.answered(b"a", "second") is None
    assert questions.answered(b"a", "unheard of") is Route.SUBKERNEL


def test_a_withdrawn_question_is_over_with_its_request() -> None:
    questions = Questions()
    questions.ask(b"a", "1", Route.AGENT, "first")
    questions.withdraw(b"a", Route.AGENT)
    questions.ended("1")
    questions.ask(b"a", "2", Route.AGENT, "second")
    assert questions.answered(b"a", "first") is None
    assert questions.answered(b"a") is Route.AGENT


def test_one_askers_questions_end_with_it() -> None:
    questions = Questions()
    questions.ask(b"a", "1", Route.AGENT)
    questions.ask(b"b", "2", Route.SUBKERNEL)
    questions.clear(Route.AGENT)
    assert questions.answered(b"a") is Route.SUBKERNEL
    questions.clear()
    assert questions.answered(b"b") is Route.SUBKERNEL
