"""What a shell command would run, and whether it may."""

from claudebox_rl.session.security.shell.judge import judge_script, ways
from claudebox_rl.session.security.shell.read import read_script
from claudebox_rl.session.security.shell.reading import Command, Reading, Word
from claudebox_rl.session.security.shell.rules import ShellRules

__all__ = ["Command", "Reading", "ShellRules", "Word", "judge_script", "read_script", "ways"]
