"""Sessions that go on from another one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from claudebox_rl import ClaudeBox
from claudebox_rl.agent.shell import ShellAgent
from claudebox_rl.errors import AgentError, ClaudeBoxError, ConfigError
from claudebox_rl.sandbox.local import LocalSandbox


async def test_forks_share_nothing(local_sandbox: str) -> None:
    async with ClaudeBox(agent="shell", sandbox=local_sandbox, env={"GIVEN": "1"}) as box:
        await box.code("echo one > note; cd /tmp; export X=2")
        heirs = await box.fork(2, episode_ids=["a", "b"])
        assert [heir.episode_id for heir in heirs] == ["a", "b"]
        assert len({box.session_id, *(heir.session_id for heir in heirs)}) == 3
        for heir in heirs:
            async with heir:
                result = await heir.code("pwd; cat /workspace/note; echo $X$GIVEN; echo more > /workspace/note")
                assert result.response == "/tmp\none\n21\n"
        assert (await box.code("cat /workspace/note")).response == "one\n"


async def test_where_one_can_not_be_opened_none_is_left(local_sandbox: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[LocalSandbox] = []
    plain = LocalSandbox.fork

    async def fork(self: LocalSandbox, n: int = 1) -> tuple[LocalSandbox, ...]:
        made.extend(await plain(self, n))
        return tuple(made)

    async def start(self: ShellAgent) -> None:
        if self.context.sandbox is made[-1]:
            raise AgentError("the second one can't")
        await asyncio.sleep(0)

    async with ClaudeBox(agent="shell", sandbox=local_sandbox) as box:
        monkeypatch.setattr(LocalSandbox, "fork", fork)
        monkeypatch.setattr(ShellAgent, "start", start)
        with pytest.raises(AgentError, match="the second one can't"):
            await box.fork(2)
        for sandbox in made:
            with pytest.raises(ClaudeBoxError):
                await sandbox.exec(["true"])
        assert (await box.code("echo here")).response == "here\n"


async def test_what_can_not_be_parted_is_not_forked(local_sandbox: str, tmp_path: Path) -> None:
    async with ClaudeBox(agent="nop", sandbox=local_sandbox, session_id="kept") as kept:
        with pytest.raises(ConfigError, match="give no session_id"):
            await kept.fork()
    async with ClaudeBox(agent="nop", sandbox=local_sandbox, volumes=[(tmp_path, "/shared")]) as box:
        with pytest.raises(ConfigError, match="writable volumes"):
            await box.fork()
    with pytest.raises(ClaudeBoxError, match="is not open"):
        await box.fork()
