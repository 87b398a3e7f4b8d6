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


def test_a_withdrawn_question_takes_nobody_elses_answer() -> None:
    questions = Questions()
    questions.ask(b"a", "1", Route.AGENT)
    questions.ask(b"a", "2", Route.SUBKERNEL)
    questions.withdraw(b"a", Route.AGENT)
    assert questions.answered(b"a") is Route.SUBKERNEL


def test_one_askers_questions_end_with_it() -> None:
    questions = Questions()
    questions.ask(b"a", "1", Route.AGENT)
    questions.ask(b"b", "2", Route.SUBKERNEL)
    questions.clear(Route.AGENT)
    assert questions.answered(b"a") is Route.SUBKERNEL
    questions.clear()
    assert questions.answered(b"b") is Route.SUBKERNEL
