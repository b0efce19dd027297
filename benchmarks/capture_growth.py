"""What writing down a long conversation costs: processor time a call and memory, for requests that repeat all of it.

    python benchmarks/capture_growth.py [CALLS]        # 200

Paired with the plain way: a digest of every message of every request, and every request kept as it came.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

from claudebox_rl.gateway.capture.caller import Caller
from claudebox_rl.gateway.capture.lineage import Lineage

Request = dict[str, Any]
MAIN = Caller(session="s")


def bodies(num_calls: int) -> Iterator[bytes]:
    """Yield requests as the CLI sends them: 50 KB of system and tools, 4 KB of output a call."""
    chance = random.Random(0)

    def text(size: int) -> str:
        return "".join(chance.choices('abcdefghij \n"\\{}é', k=size))

    tools = [
        {"name": f"T{index}", "description": text(3000), "input_schema": {"type": "object"}} for index in range(15)
    ]
    messages: list[Any] = [{"role": "user", "content": [{"type": "text", "text": text(2000)} for _ in range(6)]}]
    for index in range(num_calls):
        body = {"model": "m", "system": "s" * 5000, "tools": tools, "messages": messages}
        yield json.dumps(body).encode()
        use = {"type": "tool_use", "id": f"t{index}", "name": "Bash", "input": {"command": text(100)}}
        result = {"type": "tool_result", "tool_use_id": f"t{index}", "content": text(4000)}
        messages += [{"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]


class Digests:
    """The plain way."""

    def __init__(self) -> None:
        self.digests: dict[bytes, int] = {}

    def take(self, index: int, request: Request) -> Request:
        before = b""
        for message in request["messages"]:
            before = hashlib.sha256(before + json.dumps(message, sort_keys=True).encode()).digest()
        self.digests[before] = index
        return request


class Placed:
    """The gateway's."""

    def __init__(self) -> None:
        self.lineage = Lineage()

    def take(self, index: int, request: Request) -> Request:
        shared, asked = self.lineage.begin(str(index), request, MAIN, lambda: None)
        asked.end({"type": "message", "content": []}, is_answered=True)
        return shared


def ms_per_call(sent: list[bytes], take: Callable[[int, Request], Request]) -> float:
    """Return the processor time of a call."""
    spent_s = 0.0
    for index, body in enumerate(sent):
        request = json.loads(body)
        started = time.process_time()
        take(index, request)
        spent_s += time.process_time() - started
    return round(spent_s / len(sent) * 1000, 3)


def kept_mib(sent: list[bytes], take: Callable[[int, Request], Request]) -> float:
    """Return the MiB that the requests take when all of them are kept."""
    tracemalloc.start()
    kept = [take(index, json.loads(body)) for index, body in enumerate(sent)]
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return round(size / 2**20, 1) if kept else 0.0


if __name__ == "__main__":
    sent = list(bodies(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
    result: dict[str, Any] = {"calls": len(sent), "sent_mib": round(sum(map(len, sent)) / 2**20, 1)}
    for name, kind in (("gateway", Placed), ("digests", Digests)):
        result[name] = {"ms_per_call": ms_per_call(sent, kind().take), "kept_mib": kept_mib(sent, kind().take)}
    print(json.dumps(result))
