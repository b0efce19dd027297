"""What a session says of the secrets that it knows."""

from __future__ import annotations

from claudebox_rl import ClaudeBox


async def test_keys_and_variables_by_their_kind(local_sandbox: str) -> None:
    env = {"MY_API_KEY": "k-1", "GITHUB_PAT": "k-2", "DB_PASSWORD": "k-3"}
    env |= {"MONKEY": "m", "TOKENS_MAX": "9", "EMPTY_KEY": ""}
    box = ClaudeBox("quickstart/fix-bug", model="oracle", sandbox=local_sandbox, env=env, api_key="own-key")
    known = {"k-1": "env:MY_API_KEY", "k-2": "env:GITHUB_PAT", "k-3": "env:DB_PASSWORD", "own-key": "api-key"}
    assert box.secrets == known
    async with box:
        assert box.endpoint is not None
        assert box.secrets == known | {box.endpoint.secret: "gateway"}
