"""How long does 10 MB take into a sandbox and out again, as one file and as a folder of 1,000, beside a bare copy?"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from claudebox_rl.sandbox import sandbox_class

RUNS = 12
FILE_BYTES, NUM_FILES = 10_000_000, 1000


async def seconds(run: Callable[[], Awaitable[object]]) -> float:
    started = time.perf_counter()
    await run()
    return time.perf_counter() - started


def make_folder(folder: Path) -> Path:
    for number in range(NUM_FILES):
        place = folder / f"part-{number % 20}" / f"file-{number}"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(os.urandom(FILE_BYTES // NUM_FILES))
    return folder


async def measure(sandbox: str) -> None:
    times: dict[str, list[float]] = {}

    async def note(name: str, run: Callable[[], Awaitable[object]]) -> None:
        times.setdefault(name, []).append(await seconds(run))

    content = os.urandom(FILE_BYTES)
    with tempfile.TemporaryDirectory() as scratch:
        here = Path(scratch)
        folder, file = make_folder(here / "folder"), here / "file"
        async with sandbox_class(sandbox)() as machine:
            for number in range(RUNS):
                name = f"/workspace/{number}"
                await note("bare_copy_file", lambda: asyncio.to_thread(file.write_bytes, content))
                await note("write_file", lambda name=name: machine.write_file(f"{name}.bin", content))
                await note("read_file", lambda name=name: machine.read_file(f"{name}.bin"))
                bare, back = here / f"bare-{number}", here / f"back-{number}"
                await note("bare_copy_folder", lambda bare=bare: asyncio.to_thread(shutil.copytree, folder, bare))
                await note("copy_in_folder", lambda name=name: machine.copy_in(folder, name))
                await note("copy_out_folder", lambda name=name, back=back: machine.copy_out(name, back))
                assert sum(place.is_file() for place in back.rglob("*")) == NUM_FILES
                await machine.exec(["rm", "-rf", name, f"{name}.bin"])
                shutil.rmtree(bare)
                shutil.rmtree(back)
    medians = {name: round(1000 * statistics.median(taken), 1) for name, taken in times.items()}
    print(
        json.dumps(
            {
                "benchmark": "sandbox_files",
                "sandbox": sandbox,
                "runs": RUNS,
                "file_bytes": FILE_BYTES,
                "folder_files": NUM_FILES,
                "ms_p50": medians,
                "ratio_write_file": round(medians["write_file"] / medians["bare_copy_file"], 2),
                "ratio_read_file": round(medians["read_file"] / medians["bare_copy_file"], 2),
                "ratio_copy_in_folder": round(medians["copy_in_folder"] / medians["bare_copy_folder"], 2),
                "ratio_copy_out_folder": round(medians["copy_out_folder"] / medians["bare_copy_folder"], 2),
                "load": round(os.getloadavg()[0], 2),
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(measure(sys.argv[1] if len(sys.argv) > 1 else "local"))
