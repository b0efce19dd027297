"""Judges a script by rules."""

from __future__ import annotations

import re

from claudebox_rl.session.security.shell._hidden import shows, with_words_of
from claudebox_rl.session.security.shell._lists import names
from claudebox_rl.session.security.shell._paths import judge_paths, ways_of
from claudebox_rl.session.security.shell._patterns import Pattern, compile_pattern, match
from claudebox_rl.session.security.shell.read import read_script
from claudebox_rl.session.security.shell.reading import Command, Reading
from claudebox_rl.session.security.shell.rules import ShellRules

_CHANGES_USER = frozenset({"sudo", "doas", "pkexec", "su", "runuser", "gosu", "su-exec", "sudoedit"})
_WORDS_OF_THE_SHELL = names(
    ": true false test [ cd pwd echo printf export local declare typeset readonly unset set shift return exit "
    "break continue wait read let shopt umask times type getopts pushd popd dirs jobs"
)
_INSTEAD = {
    "rm": "delete single files by name with `rm FILE`, or leave them",
    "chmod": "give the rights that are needed, such as `chmod u+x FILE`",
    "sudo": "run the command as you are",
    "su": "run the command as you are",
    "dd": "use `head -c` or `cp` for files",
    "git": "leave that step to the user",
}
_PLAINLY = (
    "write the command out plainly, without what hides its name (variables, `eval`, code in a string, "
    "piping into a shell)"
)


def judge_script(text: str, rules: ShellRules) -> str | None:
    """Return why a script may not run, or None where it may.

    The sandbox is the boundary. This is the second line: it reads what a shell would run, and says in words that the
    agent can act on what the policy does not want. What files already there do when they are run (`python x.py`,
    `make`, `npm test`, `./tool`, `sh build.sh`) is not judged, in strict rules either: only the sandbox bounds it.

    - **A pattern** is a program's name, then words. Options must all be there, in any spelling (`-r -f`, `-fr`,
      `--recursive --force` and what GNU shortens them to); other words must stand among the operands in this order. A
      path among them (`rm -rf /`) is compared as a path, and all that it holds (`/*`) is the same. `chmod 777` is any
      spelling of that mode. A word with `=` or `*` is how an operand starts, or a pattern of it. The word after `git`
      and its like is the sub-command. `*` alone is every command. Names are compared without their folders.
    - **What runs** are all commands on all branches: of shells' texts, here-documents and pipes, of launchers (`env`,
      `xargs`, `find -exec`), functions, aliases and traps. `find -delete` counts as `rm -rf`.
    - **`blocked`** refuses a command that a pattern names. Where a word that can't be known decides, strict rules
      refuse; others do where the text has the words that would make it the pattern.
    - **`allowed`** refuses each command that none of its patterns names; launchers and interpreters must be named too.
      Words of the shell that run no program (`cd`, `test`, `echo`, ...) need not.
    - **What can't be known** (a computed name, code in a string, something piped into a shell, changed PATH, a
      text that does not parse) is refused by strict rules. Others refuse it where a blocked name stands anywhere
      in the text.
    - **Paths** are words and redirects' targets, made absolute by `cwd`, `cd` and `..`. `blocked_paths` refuses those
      at or below one of them, and commands that would walk into one from above; `allowed_paths` all others than those
      below one of them; `writable` what commands known to write would write elsewhere. The device files
      `/dev/null` and its like are free. Strict rules refuse a word that may be any path. Links are followed as
      `links` says.

    Args:
        text: The script, as given to Bash.
        rules: The rules.

    Returns:
        The reason of the refusal, for the agent to act on.
    """
    reading = read_script(text)
    blocked = [compile_pattern(source) for source in rules.blocked]
    allowed = [compile_pattern(source) for source in rules.allowed]
    if reading.unclear and any(pattern.name == "*" for pattern in blocked):
        return "no command may run by the security policy; use the tools that read files"
    for command in reading.commands:
        reason = _judge_command(text, command, blocked, allowed, rules)
        if reason:
            return reason
    return _judge_unclear(text, reading, blocked, rules)


def ways(text: str, rules: ShellRules) -> dict[str, bool]:
    """Return the paths that a script names where the rules have something to say of paths.

    Args:
        text: The script.
        rules: The rules.

    Returns:
        Absolute paths as written, links and `..` in them, each with whether it is a pattern: keys of `rules.links`.
    """
    if not (rules.allowed_paths or rules.blocked_paths or rules.writable):
        return {}
    return {way: is_pattern for command in read_script(text).commands for way, is_pattern in ways_of(command, rules)}


def _judge_command(
    text: str, command: Command, blocked: list[Pattern], allowed: list[Pattern], rules: ShellRules
) -> str | None:
    if reason := _judge_user(command, rules):
        return reason
    for pattern in blocked:
        verdict = match(command, pattern)
        if verdict or (verdict is None and match(with_words_of(text, command), pattern)):
            return _blocked(command, pattern)
        if verdict is None and rules.is_strict and command.name is not None:
            return (
                f"whether this `{command.name}` is `{pattern.source}`, which the security policy does not allow, "
                "can't be known before it runs; write its options and operands out (`./*` instead of `*`)"
            )
    if allowed and command.name not in _WORDS_OF_THE_SHELL and not any(match(command, one) for one in allowed):
        named = ", ".join(f"`{one.source}`" for one in allowed)
        name = command.name or "a command that is computed"
        return f"`{name}` is not among the commands that the security policy allows: {named}"
    if rules.is_strict and (reason := _judge_copies(command, blocked)):
        return reason
    return judge_paths(command, rules)


def _blocked(command: Command, pattern: Pattern) -> str:
    if pattern.name == "*":
        return "no command may run by the security policy; use the tools that read files"
    inside = f" (inside `{' '.join(command.via)}`)" if command.via else ""
    instead = _INSTEAD.get(pattern.name, "do without it, or ask the user to run it")
    return f"`{pattern.source}` is not allowed by the security policy{inside}; {instead}"


def _judge_user(command: Command, rules: ShellRules) -> str | None:
    name = command.name
    if name in _CHANGES_USER and not rules.allow_sudo:
        return f"`{name}` is not allowed by the security policy: no change of user; run the command as you are"
    if rules.allow_root:
        return None
    texts = command.argv[1:]
    asks = name in ("su", "runuser") and not any(t and not t.startswith("-") and t != "root" for t in texts)
    asks |= name == "sudo" and any(t in ("-i", "-s", "--login", "--shell") for t in texts) and "-u" not in texts
    asks |= name == "unshare" and any(t and re.match(r"-[a-zA-Z]*r|--map-root", t) for t in texts)
    return (
        f"`{name}` asks for root, which the security policy does not allow; run the command as you are"
        if asks
        else None
    )


def _judge_copies(command: Command, blocked: list[Pattern]) -> str | None:
    if command.name not in ("cp", "ln", "mv", "install", "alias"):
        return None
    for word in command.words[1:]:
        for pattern in blocked:
            if word.text and re.fullmatch(rf"(/[\w/.]*)?/s?bin/{re.escape(pattern.name)}", word.text):
                return f"a copy of `{pattern.name}`, which the security policy does not allow, hides its name; leave it"
    return None


def _judge_unclear(text: str, reading: Reading, blocked: list[Pattern], rules: ShellRules) -> str | None:
    if not reading.unclear:
        return None
    if rules.is_strict or rules.allowed:
        return f"{reading.unclear[0]}, and the security policy refuses what it can't know; {_PLAINLY}"
    for pattern in blocked:
        words = [word for word in pattern.operands if word.isalpha()]
        if any(shows(text, program, *words) for program in pattern.programs):
            return (
                f"`{pattern.source}` is not allowed by the security policy, and `{pattern.name}` stands in a command "
                f"that can't be judged ({reading.unclear[0]}); {_PLAINLY}"
            )
    if not rules.allow_sudo and any(shows(text, name) for name in sorted(_CHANGES_USER)):
        return f"no change of user is allowed by the security policy, and one stands in such a command; {_PLAINLY}"
    return None
