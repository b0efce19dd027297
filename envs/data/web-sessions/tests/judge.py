"""Runs answer.py on made-up events that were planned session by session, and then spread over files."""

import json
import random
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent))

from asking import ask
from judging import judge

GIVEN = 100
"""The seed of what the agent was given."""
START = 1_714_600_000


def shown(second: int, dice: random.Random) -> object:
    """Write a time in one of the ways that the site has."""
    kind = dice.randrange(4)
    if kind == 0:
        return second * 1000
    zone = timezone(timedelta(minutes=dice.choice([0, 60, 120, -300, 330, -480])))
    moment = datetime.fromtimestamp(second, timezone.utc if kind == 1 else zone).isoformat()
    return moment.replace("+00:00", "Z") if kind == 1 else moment


def planned(dice: random.Random, most: int) -> dict:
    """Plan for each user the sessions: the seconds of their events."""
    plan = {}
    for user in dice.sample(["ann", "bo", "Zoë", "çelik", "d-4", "eve", "10", "9"], 6):
        second, sessions = START + dice.randrange(50_000), []
        for _ in range(dice.randrange(1, most)):
            moments = [second]
            for _ in range(dice.randrange(7)):
                moments.append(moments[-1] + dice.choice([0, 5, 300, 1799, 1800]))
            sessions.append(moments)
            second = moments[-1] + dice.choice([1801, 1900, 7200, 90_000])
        plan[user] = sessions
    return plan


def build(seed: int) -> tuple:
    """Return the files and the right answer."""
    dice = random.Random(seed)
    # With fewer sessions, several users have the most.
    plan = planned(dice, 7 if seed == GIVEN else 4)
    moments = [(user, second) for user, sessions in plan.items() for session in sessions for second in session]
    anonymous = dice.randrange(3, 9)
    moments += [(None, START + dice.randrange(80_000)) for _ in range(anonymous)]
    lines = []
    for i, (user, second) in enumerate(moments):
        event = {"id": f"e{i}", "user": user, "at": shown(second, dice), "kind": dice.choice(["view", "click", "a\u2028b"])}
        if user is None and i % 2:
            del event["user"]
        lines.append(json.dumps(event, ensure_ascii=False))
    broken = [line[: dice.randrange(5, len(line) - 1)] for line in dice.sample(lines, dice.randrange(2, 7))]
    lines += dice.sample(lines, len(lines) // 5) + broken
    dice.shuffle(lines)
    half = len(lines) // 2
    files = {"a.jsonl": "\n".join(lines[:half]), "b 2.jsonl": "\n\n".join(lines[half:]) + "\n", "notes.txt": "not events"}
    sessions = [session for sessions in plan.values() for session in sessions]
    wanted = {
        "broken_lines": len(broken),
        "anonymous_events": anonymous,
        "sessions": len(sessions),
        "longest_s": max(session[-1] - session[0] for session in sessions),
        "median_events": float(median(map(len, sessions))),
        "busiest_user": min(plan, key=lambda user: (-len(plan[user]), user)),
    }
    return {name: text.encode() for name, text in files.items()}, wanted


def answers() -> None:
    for seed in range(1, 7):
        ask(f"events {seed}", *build(seed))


if __name__ == "__main__":
    judge({"answers": answers})
