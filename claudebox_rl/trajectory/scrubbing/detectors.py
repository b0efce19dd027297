"""The looks of secrets, by which they are found where nobody knows them: those of detect-secrets that suit code.

Of its plug-ins only those are taken that know a format. Left out are those that go by entropy or by a name beside the
value, since hashes, UUIDs and test data of code look so; those that match words of code (Artifactory's `APF...`); and
those that find no end or no beginning of a word in JSON. `BUILT_IN` has what it lacks.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module

from claudebox_rl.errors import ConfigError
from claudebox_rl.trajectory.scrubbing.scrubber import Detector

PLUGINS = {
    "discord": "DiscordBotTokenDetector",
    "github_token": "GitHubTokenDetector",
    "jwt": "JwtTokenDetector",
    "sendgrid": "SendGridDetector",
    "slack": "SlackDetector",
    "square_oauth": "SquareOAuthDetector",
    "stripe": "StripeDetector",
}
"""Module of detect-secrets to its class."""
BUILT_IN: tuple[Detector, ...] = (
    ("anthropic", re.compile(r"sk-ant-[A-Za-z0-9_-]{24,}")),
    ("aws", re.compile(r"A(?:KIA|SIA)[0-9A-Z]{16}(?![\w/+])", re.ASCII)),
    ("aws", re.compile(r"(?i:aws_secret_access_key)[\\\"'\s]{0,4}[=:][\\\"'\s]{0,4}([\w/+]{40})(?![\w/+])", re.ASCII)),
    ("azure", re.compile(r"AccountKey=([A-Za-z0-9+/]{86}==)")),
    ("github", re.compile(r"github_pat_[A-Za-z0-9_]{60,}")),
    ("gitlab", re.compile(r"gl(?:pat|dt|ft|soat|rt)-[A-Za-z0-9_-]{20,50}(?![A-Za-z0-9_-])")),
    ("google", re.compile(r"AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])")),
    ("huggingface", re.compile(r"hf_[A-Za-z]{34}(?![A-Za-z0-9])")),
    ("npm", re.compile(r"npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])")),
    ("openai", re.compile(r"sk-(?:proj-[A-Za-z0-9_-]{40,}|[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20})")),
    ("pypi", re.compile(r"pypi-AgE[A-Za-z0-9_-]{70,}")),
)


@cache
def load() -> tuple[Detector, ...]:
    """Return the detectors.

    Raises:
        ConfigError: detect-secrets is not installed; names the extra.
    """
    found: list[Detector] = list(BUILT_IN)
    for module, name in PLUGINS.items():
        try:
            plugin = getattr(import_module(f"detect_secrets.plugins.{module}"), name)()
        except ImportError as error:
            raise ConfigError(
                "scrub=detect needs detect-secrets, not installed here: pip install 'claudebox_rl[scrub]', "
                "or take scrub=keys"
            ) from error
        found += [(name.removesuffix("Detector"), pattern) for pattern in plugin.denylist]
    return tuple(found)
