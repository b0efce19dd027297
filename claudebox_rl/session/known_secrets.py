"""What a session knows that must be written nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from claudebox_rl.session.opening import Opening
from claudebox_rl.session.settings import SessionSettings

_SECRET_NAME = re.compile(r"(?:^|_)(?:API_?)?(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASS|CREDENTIALS?|AUTH|PAT)(?:$|_)")


def secrets_of(settings: SessionSettings, opening: Opening | None) -> dict[str, str]:
    """Return each secret value with its kind.

    Kinds are `gateway`, `model-key`, `api-key`, `oauth-token`, `skill:NAME` and `env:NAME`.

    Args:
        settings: The session's; a variable of it or of its task is a secret by its name (`..._KEY`, `..._TOKEN`, ...).
        opening: What is there while it is open; None: it is not.
    """
    task = settings.task
    variables = (settings.env, *((task.env, task.verifier_env, task.solution_env) if task else ()))
    found = {value: f"env:{name}" for each in variables for name, value in _secret(each)}
    if opening is not None:
        found |= {value: f"skill:{name}" for name, value in opening.skills.secrets.items()}
    episode = opening.gateway_episode if opening else None
    if episode is not None:
        found |= dict.fromkeys(episode.upstream.secrets, "model-key") | {episode.secret: "gateway"}
    keys = {"oauth-token": settings.keys.oauth_token, "api-key": settings.keys.api_key}
    return found | {value: kind for kind, value in keys.items() if value}


def _secret(variables: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in variables.items() if value and _SECRET_NAME.search(name.upper()))
