"""The real model, once for all tests that want it."""

import os

import pytest

from tests.support.real_model import ensure_weights, running
from tests.support.weights import WeightsUnavailableError

SECONDS = 120
"""What the first fetch of the weights may take."""


@pytest.fixture(scope="session")
def real_model():
    """The base URL of an OpenAI endpoint with a real model behind it."""
    try:
        ensure_weights(within=SECONDS)
    except WeightsUnavailableError as error:
        _go_without(f"THE REAL MODEL IS NOT TESTED: {error}")
    with running() as url:
        yield url


def _go_without(reason):
    if os.environ.get("BEAKER_REQUIRE_MODEL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
