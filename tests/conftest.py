"""The option that rewrites the stored derivatives: `python -m pytest tests/test_golden.py --update-golden`.

There is no cache on disk but where a test turns it on: tests compile what they test, and leave the user's folder alone.
"""

import importlib.util
import os

import pytest

os.environ["SRCDIFF_CACHE"] = "0"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """What is compiled in one test is called by what the next one stores: symbols have unique names from the start."""
    if item.get_closest_marker("jit") and importlib.util.find_spec("numba"):
        from srcdiff.cache.machine_code import names_are_unique

        names_are_unique()


@pytest.fixture
def any_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loops that can run in parallel do, however little they have to do."""
    from srcdiff.optimise.amounts import Amount
    from srcdiff.optimise.work import Work

    monkeypatch.setattr(Work, "gain", lambda self, regions: Amount.of(1.0))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite the texts in tests/golden with what srcdiff writes now"
    )
