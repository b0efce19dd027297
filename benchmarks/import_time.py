"""How long does `import claudebox_rl` take, beside `import gymnasium`, which a user of environments imports anyway?"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time

RUNS = 11


def seconds(statement: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - started


def main() -> None:
    bare, ours, theirs = [], [], []
    for _ in range(RUNS):
        bare.append(seconds("pass"))
        ours.append(seconds("import claudebox_rl"))
        theirs.append(seconds("import gymnasium"))
    loaded = subprocess.run(
        [sys.executable, "-c", "import claudebox_rl, sys; print(*{'ray', 'boxlite', 'pyarrow'} & set(sys.modules))"],
        check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    start = statistics.median(bare)
    print(
        json.dumps(
            {
                "benchmark": "import_time",
                "import_s_p50": round(statistics.median(ours) - start, 3),
                "gymnasium_s_p50": round(statistics.median(theirs) - start, 3),
                "ratio_to_gymnasium": round((statistics.median(ours) - start) / (statistics.median(theirs) - start), 2),
                "heavy_modules_loaded": loaded,
            }
        )
    )


if __name__ == "__main__":
    main()
