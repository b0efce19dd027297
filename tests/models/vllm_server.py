"""A real vLLM on the loopback, from a virtual environment of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

PYTHON = Path(os.environ.get("CLAUDEBOX_VLLM_PYTHON", Path(__file__).parents[2] / ".venv-vllm" / "bin" / "python"))
_START_S = 400.0
_FLAGS = (
    "--host 127.0.0.1 --dtype float32 --enforce-eager --max-model-len 40000 --max-num-seqs 4 "
    "--enable-auto-tool-choice --tool-call-parser hermes --enable-prompt-tokens-details"
)
_ENVIRONMENT = {
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "OMP_NUM_THREADS": "1",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_TARGET_DEVICE": "cpu",
}


@contextmanager
def vllm(model: Path, log: Path, *flags: str) -> Iterator[str]:
    """Serve a model under its folder's name.

    Args:
        model: Folder of the checkpoint.
        log: File for what the server says.
        flags: Further ones.

    Yields:
        The base URL of its chat completions.
    """
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    argv = [PYTHON, "-m", "vllm.entrypoints.openai.api_server", "--model", model, "--served-model-name", model.name]
    with log.open("wb") as said:
        process = subprocess.Popen(
            [*argv, "--port", str(port), *_FLAGS.split(), *flags],
            env={**os.environ, **_ENVIRONMENT},
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _await(process, port, log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.5)
    raise AssertionError(f"vLLM did not start:\n{log.read_text('utf-8', 'replace')[-3000:]}")
