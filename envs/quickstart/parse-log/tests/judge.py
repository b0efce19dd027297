"""Runs `summarize.py` on logs that were made from known requests, so that the summary is known without parsing."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import expect, judge, parsed, run, same, scratch

AGENTS = [
    b"curl/8.5.0", b"-", b"", b"Mozilla/5.0 (X11; Linux x86_64)", rb"say \"GET /x HTTP/1.1\" 500 1", rb"back\\slash\\",
    rb"\"", b"caf\xe9/1.0", "bücher/2".encode(), b"[10/Mar/2024:06:25:14 +0000]", b'tab\there', rb"ends with \\\"",
    "line\u2028separator\u0085".encode(),
]  # fmt: skip
MALFORMED = [
    b"-", b"192.0.2.7 - - [10/Mar/2024:06:25:14 +0000]",
    b'192.0.2.7 - - [10/Mar/2024:06:25:14 +0000] "-" 400 0 "-" "-" 0.001',
    b'192.0.2.7 - - [10/Mar/2024:06:25:14 +0000] "GET /a" 200 1 "-" "-" 0.001',
    b'192.0.2.7 - - [10/Mar/2024:06:25:14 +0000] "GET /a HTTP/1.1" ABC 1 "-" "-" 0.001',
    b'192.0.2.7 - - [10/Mar/2024:06:25:14 +0000] "GET /a HTTP/1.1" 200 1 "-" "-"',
    b'192.0.2.7 - - [10/Mar/2024:06:25:14 +0000] "GET /a HTTP/1.1" 200 1 "-" "cut off',
    b'192.0.2.7 - - [10/Mar/2024:06:25:14 +0000] "GET /a HTTP/1.1" 200 1 "-" "a" "b" 0.001',
    b'192.0.2.7 - [10/Mar/2024:06:25:14 +0000] "GET /a HTTP/1.1" 200 1 "-" "-" 0.001',
    b'192.0.2.7 - - [10/Mar/2024:06:25:14 +0000] "GET /a HTTP/1.1" 200 x "-" "-" 0.001',
    b'192.0.2.7 - - [10/Mar/2024:06:25:14 +0000] "GET /a HTTP/1.1" 2000 1 "-" "-" 0.001',
    b'192.0.2.7 - - [10/Mar/2024:06:25:14 +0000] "GET /a HTTP/1.1" 200 1 "-" "-" fast',
    b"server restarted", b'"',
]  # fmt: skip
PATHS = ["/", "/a", "/b", "/a/b", "/shop/cart", "/shop", "/index.html", "/img/%20.png"]


def make(dice: random.Random, amount: int, broken: int, paths: list) -> tuple:
    """Return a log and its summary."""
    lines, status, counts, times, sent = [], {}, {}, [], 0
    for _ in range(amount):
        path, code = dice.choice(paths), dice.choice([200, 200, 200, 204, 301, 404, 500, 503, 101])
        size, time = dice.choice([None, 0, 17, 5316, 10**7]), f"{dice.randrange(3)}.{dice.randrange(1000):03}"
        query = dice.choice(["", "", "?id=3", "?q=a?b", "?"])
        lines.append(
            f"192.0.2.{dice.randrange(256)} - {dice.choice(['-', 'alice'])} [10/Mar/2024:06:25:14 +0000] "
            f'"{dice.choice(["GET", "POST"])} {path}{query} HTTP/1.1" {code} {"-" if size is None else size} '.encode()
            + b'"' + dice.choice(AGENTS) + b'" "' + dice.choice(AGENTS) + b'" ' + time.encode()
        )  # fmt: skip
        status[f"{code // 100}xx"] = status.get(f"{code // 100}xx", 0) + 1
        counts[path] = counts.get(path, 0) + 1
        times.append(float(time))
        sent += size or 0
    lines += [dice.choice(MALFORMED) for _ in range(broken)]
    lines += [b""] * (broken // 2)
    dice.shuffle(lines)
    ranked = sorted(counts.items(), key=lambda item: item[0])
    ranked.sort(key=lambda item: item[1], reverse=True)
    # Nearest rank in whole numbers: ceil(95 n / 100).
    p95 = sorted(times)[-(-95 * len(times) // 100) - 1] if times else None
    summary = {
        "requests": amount, "malformed": broken, "status": status, "bytes": sent,
        "top_paths": [list(item) for item in ranked[:3]], "p95_s": p95,
    }  # fmt: skip
    return b"\n".join(lines) + b"\n" * dice.randrange(2), summary


def summaries() -> None:
    dice = random.Random(20240310)
    shapes = [(0, 0), (0, 3), (1, 0), (2, 1), (20, 5), (40, 0), (100, 30), (1000, 200)]
    logs = [make(dice, amount, broken, dice.sample(PATHS, 2 + amount % 7)) for amount, broken in shapes]
    logs.append(make(dice, 300, 40, PATHS))
    logs.append((b"".join(line + b"\n" for line in MALFORMED), {
        "requests": 0, "malformed": len(MALFORMED), "status": {}, "bytes": 0, "top_paths": [], "p95_s": None,
    }))  # fmt: skip
    with scratch() as folder:
        for number, (log, summary) in enumerate(logs):
            file = folder / f"hidden {number}.log"
            file.write_bytes(log)
            ended = run(["python3", "summarize.py", str(file)])
            expect(ended.exit_code == 0, f"log {number}: exit code {ended.exit_code}: {ended.stderr[-500:]}")
            found = parsed(ended.stdout)
            expect(same(found, summary), f"log {number}: wanted {summary}, got {found}")


judge({"summaries": summaries})
