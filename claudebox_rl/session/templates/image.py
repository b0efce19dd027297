"""From what a user gave as `template` to the image that a sandbox boots."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

from claudebox_rl.config import SandboxConfig
from claudebox_rl.errors import ConfigError, TemplateError
from claudebox_rl.sandbox.spec import is_layout
from claudebox_rl.session.templates.recipe import load_recipe
from claudebox_rl.session.templates.store import VARIABLE, find_built, templates_dir
from claudebox_rl.session.templates.template import SandboxTemplate, find_template

_REFERENCE = re.compile(r"[a-z0-9][\w.-]*(:\d+)?(/[\w.-]+)*(:[\w.-]+|@sha256:[0-9a-f]{64})?")


def get_template_image(template: SandboxTemplate | str) -> str:
    """Return the image of a template: the OCI layout folder that was built of it.

    Any other image is returned as it is: a registry's reference (`python:3.12`, `ghcr.io/org/image:tag`), or the path
    of an OCI layout folder (`/`, `./`, `../` or `~/` first).

    Raises:
        TemplateError: There is no such template or folder, or the template was not built on this machine.
    """
    if (known := find_template(template)) is not None:
        return _built(known)
    text = os.path.expanduser(template) if template.startswith("~/") else str(template)  # noqa: PTH111  # not `~user`
    if is_layout(text):
        if not (Path(text) / "index.json").is_file():
            raise TemplateError(f"template={template}: there is no OCI layout folder at {text}", template=template)
        return text
    if re.search(r"[/:]", text) and _REFERENCE.fullmatch(text):
        return text
    raise TemplateError(
        f"unknown template {template!r}; known: {', '.join(SandboxTemplate)}; or an image with its tag "
        "(python:3.12), or an OCI layout folder (/path)",
        template=template,
    )


def image_of(config: SandboxConfig) -> str | None:
    """Return the image that a sandbox's settings name, by `image` or by `template`; None: neither.

    Raises:
        ConfigError: Both are given.
        TemplateError: As `get_template_image`.
    """
    if config.template is None:
        return config.image
    if config.image is not None:
        raise ConfigError("give sandbox.image or a template, not both: each is the machine's image", field="template")
    return get_template_image(config.template)


def with_template(config: SandboxConfig, template: SandboxTemplate | str | None) -> SandboxConfig:
    """Return a sandbox's settings with a template that was given beside them; None: as they are.

    Raises:
        ConfigError: The settings name an image, or another template.
        TemplateError: The template is unknown or not built.
    """
    if template is not None:
        if config.template not in (None, str(template)):
            raise ConfigError(f"template={template} and sandbox.template={config.template}: give one", field="template")
        config = replace(config, template=str(template))
    image_of(config)
    return config


def _built(template: SandboxTemplate) -> str:
    built = find_built(load_recipe(template.value))
    if built is not None:
        return str(built.image)
    raise TemplateError(
        f"template {template} is not built on this machine. Build it once, which takes minutes:\n"
        f"  {build_command(template)}\n"
        "or leave template out: the sandbox then has its own default",
        template=template.value,
    )


def build_command(template: SandboxTemplate) -> str:
    """Return what a user types to build a template; packages can only be installed as root."""
    command = f"claudebox-rl templates build {template}"
    return (
        command
        if os.geteuid() == 0
        else f'sudo env {VARIABLE}="{templates_dir()}" "$(command -v claudebox-rl)"{command[12:]}'
    )
