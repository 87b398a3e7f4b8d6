import pytest

from beaker_kernel.errors import ProtocolError
from beaker_kernel.languages.r import R
from tests.support.other_languages import argv

DEFINITIONS = """
x <- 41; s <- "text"; n <- NULL; l <- list(a = 1, b = "z"); m <- matrix(1:6, 2)
df <- data.frame(a = 1:3, b = c("u", "v", "w")); fa <- factor(c("p", "q")); `odd "name` <- 1
f <- function(a) a; big <- rnorm(1e6); é <- "accent"
makeActiveBinding("act", function() stop("ran"), globalenv())
"""

r = R()


@pytest.fixture(scope="module")
def session(start):
    session = start("R", argv=argv("R"))
    session.run(DEFINITIONS)
    return session


@pytest.fixture(scope="module")
def variables(session):
    return {found.name: found for found in session.ask(r, r.variables(50)).variables}


def test_what_the_person_has_set_is_listed_and_nothing_else(variables):
    names = {"x", "s", "n", "l", "m", "df", "fa", 'odd "name', "f", "big", "é", "act"}
    assert set(variables) == names


@pytest.mark.parametrize(
    ("name", "kind", "shape", "preview"),
    [
        ("x", "numeric", (1,), "num 41"),
        ("s", "character", (1,), 'chr "text"'),
        ("n", "NULL", None, "NULL"),
        ("l", "list", (2,), 'List of 2\n $ a: num 1\n $ b: chr "z"'),
        ("m", "matrix", (2, 3), "int [1:2, 1:3] 1 2 3 4 5 6"),
        ("fa", "factor", (2,), 'Factor w/ 2 levels "p","q": 1 2'),
        ("f", "function", None, "function (a)"),
        ("act", "active binding", None, ""),
    ],
)
def test_a_variable_is_described(variables, name, kind, shape, preview):
    variable = variables[name]
    assert (variable.type, variable.shape, variable.preview) == (kind, shape, preview)


def test_the_columns_of_a_data_frame_are_named(variables):
    assert variables["df"].shape == (3, 2)
    assert '$ b: chr  "u" "v" "w"' in variables["df"].preview


def test_a_large_value_has_a_short_preview(variables):
    assert variables["big"].shape == (1_000_000,)
    assert len(variables["big"].preview) < 100


def test_a_preview_that_is_cut_says_so_and_a_named_variable_has_a_longer_one(session):
    session.run('wide <- setNames(as.list(1:30), paste0(strrep("n", 20), 1:30))')
    listed = {found.name: found for found in session.ask(r, r.variables(50)).variables}
    assert len(listed["wide"].preview) <= 601
    assert listed["wide"].preview.endswith("…")
    (named,) = session.ask(r, r.describe(("wide",))).variables
    assert named.preview.endswith(": int 30")
    session.run("rm(wide)")


def test_no_more_than_the_limit_are_listed_and_all_are_counted(session):
    reply = session.ask(r, r.variables(2))
    assert (len(reply.variables), reply.total) == (2, 12)


def test_those_that_are_named_are_described_and_no_name_is_run(session):
    asked = r.describe(('odd "name', "é", "missing", '"); stop("ran"); ("', "nul\0"))
    found = [variable.name for variable in session.ask(r, asked).variables]
    assert found == ['odd "name', "é"]
    assert session.ask(r, r.describe(())).variables == ()


def test_nothing_is_left_behind(session):
    before, names = session.run("cat(ls())", store_history=True)
    session.ask(r, r.variables(50))
    after, still = session.run("cat(ls())", store_history=True)
    assert still == names
    assert after["execution_count"] == before["execution_count"] + 1


def test_an_answer_without_a_listing_is_a_protocol_error():
    with pytest.raises(ProtocolError, match="variables: no answer"):
        r.parse(r.variables(1), {"status": "ok"}, "something else")


def test_a_missing_package_is_installed_by_a_call():
    assert r.install_hint("dplyr") == 'install.packages("dplyr")'
