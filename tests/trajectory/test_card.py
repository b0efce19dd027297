from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from trajectory_values import journal, record_of

from claudebox_rl.cli.main import main
from claudebox_rl.errors import TrajectoryError
from claudebox_rl.trajectory import commit
from claudebox_rl.trajectory.card import write_card


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        journal(tmp_path, record_of(name))
        commit(tmp_path)
    return tmp_path


def test_a_card_names_each_table_and_keeps_what_is_below_it(folder: Path) -> None:
    write_card(folder)
    card = folder / "README.md"
    configs = yaml.safe_load(card.read_text().split("---")[1])["configs"]
    assert {"episodes": "episodes/*.parquet", "steps": "steps/*.parquet"}.items() <= {
        config["config_name"]: config["data_files"] for config in configs
    }.items()
    assert "2 episodes (2 completed)" in card.read_text()
    card.write_text(card.read_text() + "\nOur own words.\n")
    journal(folder, record_of("c"))
    commit(folder)
    write_card(folder)
    assert "3 episodes (3 completed)" in card.read_text()
    assert card.read_text().endswith("\nOur own words.\n")


def test_a_readme_of_others_stays(folder: Path) -> None:
    (folder / "README.md").write_text("mine")
    with pytest.raises(TrajectoryError, match="not a card of ours"):
        write_card(folder)
    assert (folder / "README.md").read_text() == "mine"


def test_the_command_writes_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dataset", "card", str(folder)]) == 0
    assert "wrote README.md" in capsys.readouterr().out
    assert main(["dataset", "card", str(folder / "none")]) == 2


@pytest.mark.slow
def test_hugging_face_opens_it_by_its_card(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Run by `make models`, which installs `datasets`."""
    datasets = pytest.importorskip("datasets")
    write_card(folder)
    cache = str(tmp_path_factory.mktemp("cache"))
    for name, num_rows in {"episodes": 2, "steps": 6, "model_calls": 14}.items():
        found = datasets.load_dataset(str(folder), name, split="train", cache_dir=cache)
        assert found.num_rows == num_rows
        assert found[0]["episode_id"] == "a"
    streamed = datasets.load_dataset(str(folder), "steps", split="train", streaming=True)
    assert [row["episode_id"] for row in streamed] == ["a"] * 3 + ["b"] * 3
    one = datasets.load_dataset("parquet", data_files=f"{folder}/steps/*.parquet", split="train", cache_dir=cache)
    assert one[1]["tool_calls"][0]["name"] == "Bash"
