"""Upstreams of forked episodes go on where the parent's stand."""

from __future__ import annotations

from typing import Any

import pytest

from claudebox_rl.gateway import Upstream, make_upstream

SCRIPT: list[dict[str, Any]] = [{"status": 500, "error": "once"}, {"text": "one"}, {"text": "two"}, {"text": "three"}]


def request(num_answers: int) -> dict[str, Any]:
    said = [{"role": "assistant", "content": "x"}, {"role": "user", "content": "go on"}] * num_answers
    return {"model": "m", "messages": [{"role": "user", "content": "hi"}, *said]}


async def said(upstream: Upstream, num_answers: int) -> str:
    reply = await upstream.reply(request(num_answers), {})
    return b"".join([chunk async for chunk in reply.body]).decode()


@pytest.mark.parametrize("is_wrapped", [False, True])
async def test_a_script_goes_on_and_its_faults_stay_used_up(is_wrapped: bool) -> None:
    def make() -> Upstream:
        options = {"script": SCRIPT}
        if is_wrapped:
            return make_upstream("faulty", {"upstream": "scripted", "options": options, "rates": 0})
        return make_upstream("scripted", options)

    parent = make()
    assert "once" in await said(parent, 0)
    assert "one" in await said(parent, 0)
    heirs = [make(), make()]
    for heir in heirs:
        heir.follow(parent)
    assert [("two" in await said(each, 1), "three" in await said(each, 2)) for each in (*heirs, parent)] == [
        (True, True)
    ] * 3
    assert "two" not in await said(make(), 1), "one that follows nobody begins anew"
