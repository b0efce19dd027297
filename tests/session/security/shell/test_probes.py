from __future__ import annotations

import random

import pytest
from probe_runner import all_probes, rules_at, run_probes
from probe_wrappings import wrappings
from probes import KINDS, Kind, probes
from shell_rules import STANDARD

from claudebox_rl.session.security.shell import ShellRules, judge_script


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_no_probe_passes(kind: Kind) -> None:
    texts = probes(kind)
    assert len(texts) > 450
    assert [text for text in texts if judge_script(text, kind.rules) is None] == []


@pytest.mark.parametrize("rules", [ShellRules(is_strict=True, allow_sudo=False), STANDARD], ids=["strict", "standard"])
def test_no_probe_of_sudo_passes(rules: ShellRules) -> None:
    texts = [w for core in ("sudo id", "su -c id", "doas id") for w in wrappings(core)]
    assert [text for text in texts if judge_script(text, rules) is None] == []


async def test_a_sample_of_probes_is_real(local_sandbox: str) -> None:
    sample = random.Random(4).sample(all_probes(), 60)
    done = await run_probes(sample)
    assert [key for key, (did, _) in done.items() if not did] == []


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_every_probe_is_real(local_sandbox: str) -> None:
    done = await run_probes(all_probes())
    assert [(key, out) for key, (did, out) in done.items() if not did] == []


def test_rules_move_with_the_folder() -> None:
    moved = rules_at(KINDS["blocked_paths"].rules, "/workspace/p7")
    assert judge_script("cat /workspace/p7/secret/key", moved)
    assert judge_script("cat /workspace/secret/key", moved) is None
