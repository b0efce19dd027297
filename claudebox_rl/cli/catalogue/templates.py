"""`claudebox-rl templates`: what there is, building it, and whether its tools answer."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from claudebox_rl.cli.untrusted import one_line
from claudebox_rl.cli.words import compact
from claudebox_rl.sandbox.auto import choose_sandbox
from claudebox_rl.session.templates.build import build_template
from claudebox_rl.session.templates.check import check_template
from claudebox_rl.session.templates.image import get_template_image
from claudebox_rl.session.templates.recipe import load_recipe
from claudebox_rl.session.templates.store import BuiltTemplate, find_built, find_outdated, templates_dir
from claudebox_rl.session.templates.template import SandboxTemplate, get_template


def list_templates(*, console: Console, as_json: bool = False) -> int:
    """Print the templates, one a row, and what older builds lie about.

    Args:
        console: Where to print.
        as_json: Print a JSON array of objects instead; sizes in bytes.

    Returns:
        0.
    """
    rows = [_facts(template) for template in SandboxTemplate]
    if as_json:
        console.print_json(json.dumps(rows))
        return 0
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("template", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("on disk", justify="right", no_wrap=True)
    table.add_column("what it is for")
    for row in rows:
        size = f"{compact(row['num_bytes'])}B" if row["built"] else "-"
        state = Text("built", style="green") if row["built"] else Text("not built", style="dim")
        table.add_row(Text(row["name"]), state, size, Text(row["about"]))
    console.print(table)
    for folder in (folder for row in rows for folder in row["outdated"]):
        console.print(f"of an older recipe: {folder}", markup=False, highlight=False, soft_wrap=True, style="yellow")
    return 0


def build_templates(names: Sequence[str], *, console: Console) -> int:
    """Build templates one after the other; those that are there already cost nothing.

    Args:
        names: Which; a wrong one is refused before anything is built.
        console: Where to print.

    Returns:
        0.

    Raises:
        TemplateError: A name is unknown, something to build with is missing, or a build failed.
    """
    for template in [get_template(name) for name in names]:
        started = time.monotonic()

        def tell(step: str, template: SandboxTemplate = template, started: float = started) -> None:
            at = f"{time.monotonic() - started:5.0f} s"
            console.print(f"{at}  {template}: {one_line(step)}", markup=False, highlight=False, soft_wrap=True)

        was_there = find_built(load_recipe(template.value)) is not None
        built = build_template(template, tell=tell)
        took = "was built before" if was_there else f"built in {time.monotonic() - started:.0f} s"
        console.print(_done(built, took), soft_wrap=True)
    return 0


def check_templates(names: Sequence[str], sandbox: str, *, console: Console) -> int:
    """Run the checks of templates, each in a sandbox of its own.

    Args:
        names: Which; all have to be built.
        sandbox: Backend by name; `auto` chooses one that runs here.
        console: Where to print.

    Returns:
        0; 1 where a tool did not answer.

    Raises:
        TemplateError: A template is unknown or not built; nothing was started.
        SandboxStartError: The machine did not start.
    """
    templates = [get_template(name) for name in names]
    images = [get_template_image(template) for template in templates]
    if sandbox == "auto":
        choice = asyncio.run(choose_sandbox(image=images[0]))
        sandbox = choice.name
        console.print(f"sandbox: {sandbox} ({one_line(choice.reason)})", markup=False, highlight=False, soft_wrap=True)
    num_failed = sum([asyncio.run(_check(template, sandbox, console)) for template in templates])
    return 1 if num_failed else 0


async def _check(template: SandboxTemplate, sandbox: str, console: Console) -> int:
    num, num_failed = 0, 0
    async for check in check_template(template, sandbox):
        num += 1
        num_failed += not check.passed
        mark = Text("ok    ", style="green") if check.passed else Text("FAILED", style="red")
        first = check.said.splitlines()[0] if check.said else ""
        said = first if check.passed else f"exit code {check.exit_code}: {check.said[-500:]}"
        console.print(Text.assemble(mark, f"  {template}: {check.tool}: {one_line(said)}"), soft_wrap=True)
    console.print(f"{template}: {num - num_failed} of {num} answer in sandbox={sandbox}", highlight=False)
    return num_failed


def _facts(template: SandboxTemplate) -> dict[str, Any]:
    recipe = load_recipe(template.value)
    built = find_built(recipe)
    return {
        "name": template.value,
        "about": recipe.about,
        "built": built is not None,
        "image": str(built.image) if built else None,
        "num_bytes": built.num_bytes if built else 0,
        "took_s": built.took_s if built else None,
        "packages": built.packages if built else None,
        "outdated": [str(folder) for folder in find_outdated(recipe)],
        "folder": str(templates_dir()),
    }


def _done(built: BuiltTemplate, took: str) -> Text:
    return Text(f"{built.name}: {took}, {compact(built.num_bytes)}B, {built.image}", style="green")
