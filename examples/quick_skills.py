"""Skills: packages, programs, files and instructions that a session is given.

python examples/quick_skills.py              # files and text alone: no network, no key
python examples/quick_skills.py --install    # data_science and a skill with a package, from this host's indexes
"""

from __future__ import annotations

import argparse
import asyncio

from claudebox_rl import ClaudeBox, Skill, list_skills, register_skill

HERD = Skill(
    name="herd",
    description="Count the animals of a herd file",
    files={
        "bin/count.sh": '#!/bin/sh\ngrep -c . "$1"\n',
        "example.txt": "Zebra\nQuagga\n",
    },
    config={"least": 2},
    env_vars={"HERD_TOKEN": "not-a-real-token"},  # secret: shown to commands, and recorded nowhere
    instructions="Run `count.sh FILE` from this skill's folder. `$HERD_TOKEN` opens the archive.",
)
FOLDER = "/opt/claudebox/plugin/skills/herd"
PLOT = "import matplotlib.pyplot as plt; plt.plot([1, 4, 9]); plt.savefig('plot.png'); print('drawn')"


def script(*commands: str) -> dict[str, object]:
    """Return a model that takes up the skill and runs some commands: replace it by `model="anthropic"`."""
    turns: list[dict[str, object]] = [{"tools": [{"name": "Bash", "input": {"command": each}}]} for each in commands]
    return {"upstream": "scripted", "options": {"script": [*turns, {"text": "Done."}]}}


async def files_only() -> None:
    """Use a skill that needs no installation."""
    model = script(f"{FOLDER}/bin/count.sh {FOLDER}/example.txt", "echo the token is $HERD_TOKEN")
    async with ClaudeBox(model=model, sandbox="local", skills=["herd"]) as box:
        result = await box.code("How many animals are in the example?")
    for call in result.action_log:
        print(call.output)


async def installing() -> None:
    """Use skills that are installed at their first use, and cached."""
    text = Skill("tables", "Print tables", requirements=["tabulate>=0.9"])
    model = script(f'python3 -c "{PLOT}"', "python3 -c \"import tabulate; print(tabulate.tabulate([['Zebra', 2]]))\"")
    async with ClaudeBox(model=model, sandbox="local", skills=["data_science", text]) as box:
        result = await box.code("Draw a plot and print a table")
        print(len(await box.sandbox.read_file("/workspace/plot.png")), "bytes of PNG")
    for call in result.action_log:
        print(call.output)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--install", action="store_true", help="also skills that download packages")
    wants_install = parser.parse_args().install
    register_skill(HERD)
    print("known skills:", ", ".join(list_skills()))
    asyncio.run(files_only())
    if wants_install:
        asyncio.run(installing())
