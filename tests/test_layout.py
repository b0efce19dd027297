"""What pytest needs of the tests' names."""

from __future__ import annotations

from collections import Counter
from pathlib import Path


def test_no_two_test_modules_have_one_name():
    """Only one of them would run: modules are imported by their names alone."""
    names = Counter(path.name for path in Path(__file__).parent.rglob("*.py") if path.name != "conftest.py")
    assert [name for name, count in names.items() if count > 1] == []
