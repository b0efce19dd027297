"""What memory does the gateway take for many live episodes?

`python benchmarks/gateway_memory.py [episodes] [calls]`

One process serves them, each with a connection and an upstream of its own, and a conversation that grows with every
call; the agents and the stub upstream are other processes. Memory is the resident set.
"""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
from pathlib import Path

from parts.messages_stub import MODEL, Client, request_body, stub

from claudebox_rl.gateway import Gateway, Keys, TaskFiles, make_upstream


def resident_mib() -> float:
    gc.collect()
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


async def play(calls: int) -> None:
    """Be the agents, whose doors stand on standard input."""
    doors: list[list[str]] = [line.split() for line in sys.stdin]
    clients = [Client(int(port), path, secret) for port, path, secret in doors]
    for client in clients:
        await client.open()
    for number in range(calls):
        for index, client in enumerate(clients):
            await client.call(request_body(2 * number + 1, f"{index} "))
    print("played", flush=True)
    await asyncio.sleep(600)


async def main(stub_port: int, num_episodes: int, calls: int) -> None:
    options = {"model": MODEL, "base_url": f"http://127.0.0.1:{stub_port}"}
    agents = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "play", str(calls), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    gateway = Gateway()
    await gateway.start()
    before = resident_mib()
    keys = TaskFiles(keys=Keys(api_key="sk-benchmark"))
    episodes = [
        gateway.open_episode(f"e{number}", make_upstream("anthropic", options, keys)) for number in range(num_episodes)
    ]
    opened = resident_mib()
    for episode in episodes:
        agents.stdin.write(f"{gateway.port} {episode.path} {episode.secret}\n".encode())
    agents.stdin.write_eof()
    await agents.stdout.readline()
    after = resident_mib()
    agents.kill()
    await agents.wait()
    if sum(len(episode.calls) for episode in episodes) != num_episodes * calls:
        raise SystemExit("calls are missing")
    figures = {
        "episodes": num_episodes,
        "calls_per_episode": calls,
        "last_request_bytes": len(request_body(2 * calls - 1)),
        "process_mib": round(before, 1),
        "opened_mib_per_episode": round((opened - before) / num_episodes, 3),
        "played_mib_per_episode": round((after - before) / num_episodes, 3),
        "played_mib": round(after, 1),
    }
    print(json.dumps({"benchmark": "gateway_memory", **figures}))
    await gateway.stop()


if sys.argv[1:2] == ["play"]:
    asyncio.run(play(int(sys.argv[2])))
else:
    numbers = [int(each) for each in sys.argv[1:]]
    with stub() as port:
        asyncio.run(main(port, *(numbers + [200, 20][len(numbers) :])))
