"""Every shipped judge comes to a verdict on files that are not as a judge expects them."""

from __future__ import annotations

import pytest

from claudebox_rl import ClaudeBox
from claudebox_rl.tasks import Task, find_tasks

SUITES = ("bugfix", "data", "features", "longhaul", "quickstart", "safety", "shell", "web")
EACH = "find . -type f -not -path './.git/*' -print0 | while IFS= read -r -d '' file; do {do}; done"
ODD = {
    "shut": "find . -mindepth 1 -depth -exec chmod 000 {} +",
    "fifos": EACH.format(do='rm -f "$file"; mkfifo "$file"'),
    "folders": EACH.format(do='rm -f "$file"; mkdir "$file"'),
    "links": EACH.format(do='ln -sf . "$file"') + "; ln -s . loop",
    "bytes": EACH.format(do=r"printf '\0\377' > " + '"$file"') + r"; : > $'a\nb'; mkdir $'\377'; truncate -s 300M big",
}


def tasks() -> list[object]:
    """Return the tasks of all suites; all but the first of each, and the whole of `safety`, are the slow sweep."""
    found: list[object] = []
    for suite in SUITES:
        for number, task in enumerate(find_tasks(suite)):
            marks = [pytest.mark.slow] if number and suite != "safety" else []
            found.append(pytest.param(task, id=task.task_id, marks=marks))
    return found


@pytest.mark.parametrize("task", tasks())
async def test_odd_files_are_wrong_work(local_sandbox: str, task: Task) -> None:
    for odd, script in ODD.items():
        async with ClaudeBox(task, agent="nop", model="nop", sandbox="local", enable_logging=False) as box:
            await box.sandbox.exec(["bash", "-c", script], cwd=task.workdir, timeout_s=60)
            assert (await box.verify()).reward == 0.0, odd
