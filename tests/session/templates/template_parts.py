"""A built template that was never built."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from claudebox_rl.session.templates.recipe import load_recipe
from claudebox_rl.session.templates.store import BuiltTemplate, commit, layout_of, turn

MakeBuilt = Callable[[str], BuiltTemplate]


def make_empty(name: str) -> BuiltTemplate:
    """Commit a layout that no machine could boot, as a build would."""
    recipe = load_recipe(name)
    with turn(recipe, lambda step: None) as partial:
        layout_of(partial).mkdir()
        (layout_of(partial) / "index.json").write_text(json.dumps({"manifests": []}))
        return commit(recipe, partial, built_at=time.time(), took_s=1.0, packages={"npm": {"typescript": "5"}})
