"""What the pages on datasets show, run as it stands there. Run by `make models`, which installs the libraries."""

from __future__ import annotations

import asyncio
import importlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from trajectory_values import journal, record_of

from claudebox_rl import ClaudeBox
from claudebox_rl.trajectory import commit, load_dataset

DOCS = Path(__file__).parents[2] / "docs"
LIBRARIES = {name: name for name in ("claudebox_rl", "pandas", "polars", "duckdb", "datasets", "ray")}
LIBRARIES["pc"] = "pyarrow.compute"


def _blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", (DOCS / page).read_text(), re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The names that the pages take for granted: the libraries, a dataset and its path."""
    path = tmp_path_factory.mktemp("played")
    for episode_id in ("fix-bug-0", "fix-bug-1"):
        record = record_of(episode_id, text="quickstart/fix-bug")
        journal(path, replace(record, episode=replace(record.episode, episode_return=1.0)))
    commit(path)
    found: dict[str, Any] = {}
    for name, module in LIBRARIES.items():
        found[name] = (
            pytest.importorskip(module) if name not in ("claudebox_rl", "pc") else importlib.import_module(module)
        )
    yield {**found, "path": str(path), "dataset": load_dataset(path)}
    found["ray"].shutdown()


@pytest.fixture(scope="module")
def box(local_sandbox: str) -> ClaudeBox:
    """A session that was kept, as the pages name it."""

    async def play() -> ClaudeBox:
        async with ClaudeBox(agent="nop", model="nop", sandbox=local_sandbox, session_id="my-session") as opened:
            await opened.code("Do it.")
        return opened

    return asyncio.run(play())


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", ["dataset.md", "trajectories.md"])
def test_the_snippets_run(
    page: str, names: dict[str, Any], box: ClaudeBox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(names["path"], "rollouts/today")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    blocks = _blocks(page, "python")
    assert blocks
    known = {**names, "box": box}
    for block in blocks:
        exec(compile(block, page, "exec"), known)
    if page == "dataset.md":
        assert known["good"].episodes["task_id"].to_pylist() == ["quickstart/fix-bug"] * 2
        assert known["group"].num_valid == 2
    else:
        assert known["record"].episode.episode_id == "fix-bug-0"


@pytest.mark.slow
def test_the_queries_run(names: dict[str, Any]) -> None:
    blocks = _blocks("dataset.md", "sql")
    assert len(blocks) == 2
    for block in blocks:
        tables = names["dataset"].to_duckdb()
        assert tables.sql(block.replace("<dataset>", names["path"])).fetchall()
