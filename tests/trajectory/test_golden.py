"""What any version wrote is read by this one, to the last value."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from golden_values import GOLDEN, told

from claudebox_rl.trajectory import SCHEMA_VERSION, load_dataset

VERSIONS = range(1, SCHEMA_VERSION + 1)


def folder_of(version: int) -> Path:
    return GOLDEN / f"v{version}"


def known(found: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """Return what was found without the fields that are younger than what is expected."""
    values = {name: found[name] for name in expected}
    for name in ("steps", "model_calls", "tool_calls"):
        if name in values:
            values[name] = [known(*pair) for pair in zip(found[name], expected[name], strict=True)]
    return values | ({"episode": known(found["episode"], expected["episode"])} if "episode" in expected else {})


@pytest.mark.parametrize("version", VERSIONS)
def test_each_value_is_as_it_was_written(version: int) -> None:
    folder = folder_of(version)
    text = (folder / "expected.json").read_text()
    expected = json.loads(text, parse_float=str, parse_constant=str)
    dataset = load_dataset(folder)
    assert [known(told(record), each) for record, each in zip(dataset, expected, strict=True)] == expected
    assert [known(told(dataset[each["episode"]["episode_id"]]), each) for each in expected] == expected


def test_datasets_of_all_versions_are_read_as_one(tmp_path: Path) -> None:
    for version in VERSIONS:
        for path in folder_of(version).glob("*/*.parquet"):
            (tmp_path / path.parent.name).mkdir(exist_ok=True)
            shutil.copy(path, tmp_path / path.parent.name)
    dataset = load_dataset(tmp_path)
    rows: dict[str, list[str]] = {}
    for name, column in (("steps", "observation"), ("model_calls", "request"), ("model_calls", "response")):
        values = dataset.columns(name, [column])[column].to_pylist()
        assert values == getattr(dataset, name)[column].to_pylist()
        rows[column] = [json.dumps(json.loads(value or "null")) for value in values]
    outputs = dataset.columns("steps", ["tool_calls.list.element.output"])["tool_calls"].to_pylist()
    assert outputs == [[{"output": each["output"]} for each in row] for row in dataset.steps["tool_calls"].to_pylist()]
    for values in (*rows.values(), outputs):
        one = len(values) // len(VERSIONS)
        assert values == values[:one] * len(VERSIONS), "each version tells of the same episodes"
