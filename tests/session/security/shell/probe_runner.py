"""Runs probes unjudged in a sandbox, each in a folder of its own, and tells which of them had their effect."""

from __future__ import annotations

import json
from dataclasses import replace

from probes import KINDS, Kind, probes

from claudebox_rl.sandbox.local import LocalSandbox
from claudebox_rl.sandbox.spec import SandboxSpec
from claudebox_rl.session.security.shell import ShellRules

_DRIVER = r"""
import json, os, subprocess, sys
from concurrent.futures import ThreadPoolExecutor

jobs = json.load(open("/workspace/jobs.json"))

def shell(text, folder, **env):
    try:
        return subprocess.run(["bash", "-c", text], cwd=folder, env={**os.environ, **env}, timeout=20,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except subprocess.TimeoutExpired as error:
        return subprocess.CompletedProcess([], 124, error.stdout or b"", error.stderr or b"")

def one(job):
    number, before, text, happened = job
    folder = f"/workspace/p{number}"
    os.mkdir(folder)
    shell(before, folder)
    ran = shell(text, folder)
    out = (ran.stdout + ran.stderr).decode(errors="replace").replace("\0", "")
    return shell(happened, folder, OUT=out[:50000]).returncode == 0, out[-300:]

with ThreadPoolExecutor(2) as pool:
    json.dump(list(pool.map(one, jobs)), open("/workspace/done.json", "w"))
"""
_BATCH = 150
_FILE_BYTES = 4 << 20
"""What writes without end soon comes to one."""


def rules_at(rules: ShellRules, folder: str) -> ShellRules:
    """Return the rules for a probe that runs in another folder than the workspace itself."""

    def move(paths: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(path.replace("/workspace", folder, 1) for path in paths)

    writable = None if rules.writable is None else move(rules.writable)
    return replace(rules, cwd=folder, blocked_paths=move(rules.blocked_paths), writable=writable)


async def run_probes(texts: list[tuple[Kind, str]]) -> dict[tuple[str, str], tuple[bool, str]]:
    """Run probes; return by kind and text whether the effect was there, and the end of what it printed."""
    found: dict[tuple[str, str], tuple[bool, str]] = {}
    for start in range(0, len(texts), _BATCH):
        batch = texts[start : start + _BATCH]
        jobs = [(number, kind.before, text, kind.happened) for number, (kind, text) in enumerate(batch)]
        async with LocalSandbox(SandboxSpec(max_file_bytes=_FILE_BYTES)) as sandbox:
            await sandbox.write_file("/workspace/jobs.json", json.dumps(jobs).encode())
            await sandbox.write_file("/workspace/driver.py", _DRIVER.encode())
            result = await sandbox.exec(["python3", "/workspace/driver.py"], timeout_s=110)
            assert result.exit_code == 0, result.stderr.decode()
            done = json.loads(await sandbox.read_file("/workspace/done.json"))
        found.update({(kind.name, text): (did, out) for (kind, text), (did, out) in zip(batch, done, strict=True)})
    return found


def all_probes() -> list[tuple[Kind, str]]:
    """Return every probe of every kind."""
    return [(kind, text) for kind in KINDS.values() for text in probes(kind)]
