"""What does capture cost a model call?

`python benchmarks/gateway_capture.py [conversations]`

Processor time of the gateway's process, by turns: a conversation of 20 calls that is recorded, and one of which nothing
is. The agent and the stub upstream are other processes.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time

from parts.messages_stub import MODEL, Client, request_body, stub

from claudebox_rl.gateway import Gateway, GatewayEpisode, Keys, TaskFiles, make_upstream
from claudebox_rl.gateway.call import Call

CALLS = 20


async def play() -> None:
    """Be the agent: a conversation through each door that comes in on standard input."""
    while line := await asyncio.to_thread(sys.stdin.readline):
        port, path, secret = line.split()
        client = Client(int(port), path, secret)
        await client.open()
        for number in range(CALLS):
            await client.call(request_body(2 * number + 1))
        client.close()
        print("played", flush=True)


def unrecorded(episode: GatewayEpisode) -> GatewayEpisode:
    episode.begin_call = lambda request, headers: Call()
    return episode


async def main(stub_port: int, conversations: int) -> None:
    options = {"model": MODEL, "base_url": f"http://127.0.0.1:{stub_port}"}
    agent = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "play", stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    gateway = Gateway()
    await gateway.start()
    times: dict[str, list[float]] = {"recorded": [], "unrecorded": []}
    for number in range(2 * conversations + 2):
        arm = ("recorded", "unrecorded")[number % 2]
        upstream = make_upstream("anthropic", options, TaskFiles(keys=Keys(api_key="sk-benchmark")))
        episode = gateway.open_episode(f"e{number}", upstream)
        if arm == "unrecorded":
            unrecorded(episode)
        started = time.process_time()
        agent.stdin.write(f"{gateway.port} {episode.path} {episode.secret}\n".encode())
        await agent.stdout.readline()
        if number >= 2:
            times[arm].append(1000 * (time.process_time() - started) / CALLS)
        episode.close()
    agent.kill()
    await agent.wait()
    await gateway.stop()
    middle = {arm: statistics.median(own) for arm, own in times.items()}
    figures = {
        "conversations": conversations,
        "calls_each": CALLS,
        "last_request_bytes": len(request_body(2 * CALLS - 1)),
        "recorded_cpu_ms": round(middle["recorded"], 3),
        "unrecorded_cpu_ms": round(middle["unrecorded"], 3),
        "capture_cpu_ms": round(middle["recorded"] - middle["unrecorded"], 3),
    }
    print(json.dumps({"benchmark": "gateway_capture", **figures}))


if sys.argv[1:2] == ["play"]:
    asyncio.run(play())
else:
    with stub() as port:
        asyncio.run(main(port, int(sys.argv[1]) if len(sys.argv) > 1 else 30))
