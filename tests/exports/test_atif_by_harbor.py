"""Documents before the format's own validator; it comes as a wheel from a package registry (`make slow`)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from atif_checks import SCHEMA
from atif_episodes import Cli
from call_trees import ACTS, Agent
from trajectory_values import record_of

from claudebox_rl.exports.atif import write_atif

pytestmark = pytest.mark.slow
HARBOR = "0.26.0"
PROGRAM = """
import json, sys
from harbor.models.trajectories import Trajectory
from harbor.utils.trajectory_validator import TrajectoryValidator
for path in sys.argv[1:]:
    validator = TrajectoryValidator()
    if not validator.validate(path):
        sys.exit(f"{path}: {validator.errors}")
print(json.dumps(Trajectory.model_json_schema()))
"""


def stripped(value, *, is_names: bool = False):
    if isinstance(value, dict):
        named = {key: stripped(item, is_names=key in ("properties", "$defs")) for key, item in value.items()}
        return named if is_names else {key: item for key, item in named.items() if key not in ("description", "title")}
    return [stripped(item) for item in value] if isinstance(value, list) else value


def test_harbor_takes_what_is_written(tmp_path: Path) -> None:
    # Its package needs Python 3.12; what is used here of it does not, nor any of its dependencies but pydantic.
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--ignore-requires-python"]
    subprocess.run([*pip, f"harbor=={HARBOR}", "-d", str(tmp_path)], check=True, timeout=240)
    (wheel,) = tmp_path.glob("harbor-*.whl")
    records = [record_of("rich"), *(Cli(seed).record(5) for seed in range(20))]
    for seed in range(20):
        agent = Agent(seed)
        for act in ACTS:
            agent.act(act)
        records.append(agent.record())
    files = [path for number, record in enumerate(records) for path in write_atif([record], tmp_path / str(number))]
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(wheel)!r}){PROGRAM}", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    known = {key: value for key, value in SCHEMA.items() if key != "$comment"}
    assert stripped(json.loads(done.stdout)) == known
