"""The dataset card: a README.md by which Hugging Face `datasets` and the Hub know the tables."""

from __future__ import annotations

from pathlib import Path

from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.trajectory.dataset import Dataset, load_dataset

CARD = "README.md"
_BEGIN = "<!-- claudebox_rl: written by `claudebox-rl dataset card`, up to the end mark -->"
_END = "<!-- claudebox_rl: end -->"
_TASKS_AT_MOST = 20


def write_card(dataset: str | Path) -> str:
    """Write or refresh a dataset's card. What stands below its end mark is kept.

    Args:
        dataset: The dataset's folder or URI.

    Returns:
        The name of the file in the dataset.

    Raises:
        TrajectoryError: There is no dataset; there is a README.md that is no card of ours; or it can't be written.
    """
    found = load_dataset(dataset)
    storage = found.storage
    with boundary(TrajectoryError, f"can't write {storage}/{CARD}", path=str(storage)):
        before = (storage.read(CARD) or b"").decode()
        if before and _BEGIN not in before:
            raise TrajectoryError(f"{storage}/{CARD} is not a card of ours: move it, or add below it afterwards")
        storage.write(CARD, (_card(found) + before.partition(_END)[2]).encode())
    return CARD


def _card(dataset: Dataset) -> str:
    from claudebox_rl.trajectory.schema import SCHEMAS

    tables = [name for name in SCHEMAS if dataset.storage.names(name)]  # `episodes` first
    configs = "".join(f'- config_name: {name}\n  data_files: "{name}/*.parquet"\n' for name in tables)
    columns = "\n".join(
        f"| `{name}` | {', '.join(f'`{column}`' for column in SCHEMAS[name].names)} |" for name in tables
    )
    return (
        f"---\nconfigs:\n{configs}tags:\n- reinforcement-learning\n- coding-agents\n- claudebox_rl\n---\n{_BEGIN}\n\n"
        f"# Episodes of coding agents\n\n{_counts(dataset)}\n\n"
        f'```python\nimport datasets\n\ndatasets.load_dataset(path, "episodes", split="train")\n```\n\n'
        f"| table | columns |\n|---|---|\n{columns}\n\n"
        '`episode_id` joins the tables. `{"$text": "<id>"}` in a value stands for the row of `texts` with that '
        "`text_id`; `claudebox_rl.load_dataset(path)` puts them back.\n"
        f"{_END}"
    )


def _counts(dataset: Dataset) -> str:
    rows = dataset.columns("episodes", ["task_id", "outcome"])
    tasks = sorted(set(rows["task_id"].to_pylist()))
    named = ", ".join(f"`{_plain(task)}`" for task in tasks[:_TASKS_AT_MOST])
    outcomes = {row["values"]: row["counts"] for row in rows["outcome"].value_counts().to_pylist()}
    listed = ", ".join(f"{count} {_plain(outcome)}" for outcome, count in sorted(outcomes.items()))
    more = f" and {len(tasks) - _TASKS_AT_MOST} more" if len(tasks) > _TASKS_AT_MOST else ""
    return f"{rows.num_rows} episodes ({listed}) of {len(tasks)} tasks: {named}{more}."


def _plain(text: str) -> str:
    """Return a name without what Markdown or HTML would take for markup."""
    return "".join(c if c.isalnum() or c in "-_./:" else " " for c in text)
