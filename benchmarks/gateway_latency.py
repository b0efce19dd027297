"""What does the gateway add to a model call, and how many calls a second does one process pass on?

`python benchmarks/gateway_latency.py [--calls 300] [--seconds 3] [--litellm PATH]`

The same requests go to one stub upstream directly, through the gateway, and through the LiteLLM proxy (where `litellm`
is found; it is in the extra `bench`), each in a process of its own. Latencies are paired: one call directly, one
through what is measured, in rounds. Calls a second are of 8 connections, in turns of a second.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from parts.messages_stub import MODEL, Client, request_body, stub

CONNECTIONS = 8
ROUNDS, WARM_UP = 5, 10
BODY = request_body()
Target = tuple[int, str, str]
"""Port, what goes before `/v1/messages`, and key."""
_KEY = f"sk-{secrets.token_hex(32)}"
"""The gateway sends it to the stub; the LiteLLM proxy does not start without one, and asks for it."""
_PROGRAMS = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
"""Where `litellm` is looked for: beside this Python first, which need not be on the PATH."""


async def serve_gateway(upstream_port: int) -> None:
    """Serve one episode whose calls go on to the stub, and print where."""
    from claudebox_rl.gateway import Gateway, Keys, TaskFiles, make_upstream

    options = {"model": MODEL, "base_url": f"http://127.0.0.1:{upstream_port}"}
    gateway = Gateway()
    await gateway.start()
    episode = gateway.open_episode("e", make_upstream("anthropic", options, TaskFiles(keys=Keys(api_key=_KEY))))
    print(json.dumps([gateway.port, episode.path, episode.secret]), flush=True)
    await asyncio.Event().wait()


@contextlib.contextmanager
def process(*argv: str, **env: str) -> Iterator[subprocess.Popen[str]]:
    started = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=os.environ | env)
    try:
        yield started
    finally:
        started.kill()
        started.wait()


@contextlib.contextmanager
def litellm(program: str, upstream_port: int) -> Iterator[int]:
    """Serve the LiteLLM proxy with one worker, and wait until it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    params = {"model": f"anthropic/{MODEL}", "api_base": f"http://127.0.0.1:{upstream_port}", "api_key": _KEY}
    models = [{"model_name": MODEL, "litellm_params": params}]
    settings = {"model_list": models, "general_settings": {"master_key": _KEY}}
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yaml"
        config.write_text(json.dumps(settings))
        argv = [program, "--config", str(config), "--port", str(port), "--num_workers", "1", "--telemetry", "False"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        server = subprocess.Popen(argv, env=os.environ | {"LITELLM_LOG": "ERROR"}, **quiet)
        try:
            _wait_for(f"http://127.0.0.1:{port}/health/liveliness", server)
            yield port
        finally:
            server.terminate()
            server.wait()


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if server.poll() is not None:
            raise SystemExit("the LiteLLM proxy ended")
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=5).read()
            return
        time.sleep(0.2)
    raise SystemExit("the LiteLLM proxy did not answer")


async def latencies(direct: Target, measured: Target, calls: int) -> tuple[list[float], list[float]]:
    """Return milliseconds of calls of both, paired by their places; the first ones warm up and do not count."""
    clients = [Client(*target) for target in (direct, measured)]
    times: tuple[list[float], list[float]] = ([], [])
    for client in clients:
        await client.open()
    for _ in range(calls + WARM_UP):
        for client, own in zip(clients, times, strict=True):
            started = time.perf_counter()
            await client.call(BODY)
            own.append(1000 * (time.perf_counter() - started))
    for client in clients:
        client.close()
    return times[0][WARM_UP:], times[1][WARM_UP:]


async def rate(target: Target, seconds: float) -> float:
    """Return calls a second of several connections."""
    clients = [Client(*target) for _ in range(CONNECTIONS)]
    for client in clients:
        await client.open()
    end = time.perf_counter() + seconds
    count = 0

    async def go(client: Client) -> None:
        nonlocal count
        while time.perf_counter() < end:
            await client.call(BODY)
            count += 1

    started = time.perf_counter()
    await asyncio.gather(*map(go, clients))
    seconds = time.perf_counter() - started
    for client in clients:
        client.close()
    return count / seconds


async def measure(targets: dict[str, Target], calls: int, seconds: int) -> dict[str, object]:
    added: dict[str, list[float]] = {name: [] for name in targets if name != "direct"}
    rates: dict[str, list[float]] = {name: [] for name in targets}
    for _ in range(ROUNDS):
        for name, own in added.items():
            direct, through = await latencies(targets["direct"], targets[name], calls // ROUNDS)
            own += [one - other for one, other in zip(through, direct, strict=True)]
    for _ in range(seconds):
        for name, target in targets.items():
            rates[name].append(await rate(target, 1.0))
    middle = {name: statistics.median(own) for name, own in rates.items()}
    figures: dict[str, object] = {"direct": {"calls_per_s": round(middle["direct"])}}
    for name, own in added.items():
        figures[name] = {
            "added_ms_p50": round(statistics.median(own), 2),
            "added_ms_p99": round(statistics.quantiles(own, n=100)[-1], 2),
            "calls_per_s": round(middle[name]),
        }
    if "litellm" in middle:
        figures["calls_per_s_to_litellm"] = round(middle["gateway"] / middle["litellm"], 1)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--litellm", default=shutil.which("litellm", path=_PROGRAMS))
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve is not None:
        asyncio.run(serve_gateway(given.serve))
        return
    with contextlib.ExitStack() as stack:
        port = stack.enter_context(stub())
        gateway = stack.enter_context(process(sys.executable, __file__, "--serve", str(port)))
        targets: dict[str, Target] = {"direct": (port, "", _KEY)}
        targets["gateway"] = tuple(json.loads(gateway.stdout.readline()))
        if given.litellm:
            targets["litellm"] = (stack.enter_context(litellm(given.litellm, port)), "", _KEY)
        figures = asyncio.run(measure(targets, given.calls, given.seconds))
    print(json.dumps({"benchmark": "gateway_latency", "request_bytes": len(BODY), **figures}))


if __name__ == "__main__":
    main()
