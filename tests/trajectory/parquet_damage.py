"""Damages a dataset's files at random and reads it: `python parquet_damage.py SOUND WORK SEED COUNT`.

Each try must end in a `TrajectoryError` that names the damaged file, or give exactly what was stored. A crash of the
process is seen by its caller.
"""

from __future__ import annotations

import random
import shutil
import sys
from pathlib import Path

from claudebox_rl.errors import TrajectoryError
from claudebox_rl.trajectory import EpisodeRecord, load_dataset


def damaged(chance: random.Random, data: bytes) -> bytes:
    """Return the file cut, or with one to three bytes changed; half of them in its last kilobyte, the footer."""
    if chance.random() < 0.3:
        return data[: chance.randrange(len(data))]
    changed = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        first = max(0, len(data) - 1024) if chance.random() < 0.5 else 0
        changed[chance.randrange(first, len(data))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def everything(dataset: Path) -> tuple[str, str, str]:
    """Read a dataset in each way that there is."""
    found = load_dataset(dataset)
    records: list[EpisodeRecord] = list(found)
    one = [found[episode_id] for episode_id in found.episode_ids]
    tables = [table.to_pylist() for table in (found.steps, found.model_calls, found.episodes)]
    return repr(records), repr(one), repr(tables)


def main() -> None:
    """Try and tell each damage that was not noticed."""
    sound, work, seed, count = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    expected = everything(sound)
    files = sorted(sound.glob("*/*.parquet"))
    for number in range(seed, seed + count):
        chance = random.Random(number)
        path = chance.choice(files)
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(sound, work)
        target = work / path.relative_to(sound)
        data = damaged(chance, path.read_bytes())
        target.write_bytes(data)
        (work / "now").write_text(f"{number} {path}")
        try:
            found = everything(work)
        except TrajectoryError as error:
            if str(target) not in str(error):
                print(f"{number}: {target} is not named: {error}"[:1000])
        except BaseException as error:
            print(f"{number}: {type(error).__name__} of {target}: {error}"[:1000])
        else:
            if found != expected:
                print(f"{number}: {target} is read wrongly")


if __name__ == "__main__":
    main()
