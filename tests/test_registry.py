from __future__ import annotations

import pytest

from claudebox_rl._registry import check, resolve
from claudebox_rl.errors import ConfigError

KNOWN = {"text": "string:ascii_letters", "gone": "no_such_module:x"}


def test_known_names_and_paths_resolve() -> None:
    assert resolve("thing", "text", KNOWN).startswith("abc")
    assert resolve("thing", "string:digits", KNOWN) == "0123456789"


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="unknown thing 'txt'; known: gone, text; or give module:Class"):
        check("thing", "txt", KNOWN)


@pytest.mark.parametrize("name", ["gone", "string:no_such", "no_such_module:x"])
def test_what_can_not_be_imported_is_said(name: str) -> None:
    with pytest.raises(ConfigError, match="can't import"):
        resolve("thing", name, KNOWN)
