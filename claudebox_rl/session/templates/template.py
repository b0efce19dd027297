"""The templates that there are, by name."""

from __future__ import annotations

from enum import StrEnum

from claudebox_rl.errors import TemplateError
from claudebox_rl.session.templates.recipe import load_recipe


class SandboxTemplate(StrEnum):
    """A machine with tools for a kind of work; its recipe lies in `images/templates`."""

    DEFAULT = "default"
    WEB_DEV = "web_dev"
    DATA_SCIENCE = "data_science"
    SECURITY = "security"
    DEVOPS = "devops"
    MOBILE = "mobile"


def find_template(name: SandboxTemplate | str) -> SandboxTemplate | None:
    """Return the template of a name, in capitals or not, with `-` or `_`; None where it names none."""
    try:
        return SandboxTemplate(str(name).strip().lower().replace("-", "_"))
    except ValueError:
        return None


def get_template(name: SandboxTemplate | str) -> SandboxTemplate:
    """Return the template of a name.

    Raises:
        TemplateError: There is none; lists those that there are.
    """
    template = find_template(name)
    if template is None:
        raise TemplateError(f"unknown template {str(name)!r}; known: {', '.join(SandboxTemplate)}", template=str(name))
    return template


def get_template_description(template: SandboxTemplate | str) -> str:
    """Return what a template is for, in one line.

    Raises:
        TemplateError: There is no such template.
    """
    return load_recipe(get_template(template).value).about


def list_templates() -> dict[str, str]:
    """Return every template's name (`WEB_DEV`) and what it is for."""
    return {template.name: get_template_description(template) for template in SandboxTemplate}
