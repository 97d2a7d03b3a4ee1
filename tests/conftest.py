"""The option that rewrites the stored derivatives: `python -m pytest tests/test_golden.py --update-golden`."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite tests/golden/*.txt with what srcdiff writes now"
    )
