"""The option that rewrites the stored derivatives: `python -m pytest tests/test_golden.py --update-golden`.

There is no cache on disk but where a test turns it on: tests compile what they test, and leave the user's folder alone.
"""

import os

import pytest

os.environ["SRCDIFF_CACHE"] = "0"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite tests/golden/*.txt with what srcdiff writes now"
    )
