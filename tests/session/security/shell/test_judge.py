from __future__ import annotations

import pytest
from shell_rules import RESTRICTED, STANDARD, WORKSPACE_ONLY

from claudebox_rl.session.security.shell import ShellRules, judge_script


def judged(pattern: str, text: str, *, strict: bool = False) -> bool:
    return judge_script(text, ShellRules(blocked=(pattern,), is_strict=strict)) is not None


@pytest.mark.parametrize(
    ("pattern", "refused", "passed"),
    [
        ("rm", ["rm x", "/bin/rm x"], ["rmdir x", "echo rm"]),
        ("rm -rf", ["rm -r -f x", "rm --recurs --for x", "rm -Rfv x"], ["rm -r x", "rm -f x", "rm -- -rf"]),
        (
            "rm -rf /",
            ["rm -rf /", "rm -fr //", "rm -rf /*", "cd / && rm -rf .", "rm -rf x /"],
            ["rm -rf /tmp/x", "rm /"],
        ),
        (
            "chmod 777",
            ["chmod 0777 x", "chmod -R a+rwx x", "chmod a=rwx x", "chmod 1777 x"],
            ["chmod 755 x", "chmod +x x"],
        ),
        ("dd if=/dev/zero", ["dd if=/dev/zero of=x", "dd of=x if=/dev/zero"], ["dd if=x of=y"]),
        ("git push", ["git push", "git push origin x", "git -C d push"], ["git commit -m push", "git stash push"]),
        ("git push --force", ["git push -f", "git push o --force"], ["git push"]),
        ("*", ["ls"], [""]),
    ],
)
def test_patterns(pattern: str, refused: list[str], passed: list[str]) -> None:
    assert [text for text in refused if not judged(pattern, text)] == []
    assert [text for text in passed if judged(pattern, text)] == []


def test_strict_rules_refuse_what_they_cannot_know() -> None:
    assert judge_script("$X y", RESTRICTED)
    assert judge_script("rm $X y", RESTRICTED)
    assert judge_script("rm *", RESTRICTED)
    assert judge_script("rm ./*", RESTRICTED) is None


def test_other_rules_refuse_it_where_a_blocked_name_shows() -> None:
    assert judge_script("$X y", STANDARD) is None
    assert judge_script("X=$(cat f); $X mkfs y", STANDARD)


@pytest.mark.parametrize(
    "text",
    [
        "X=zmkfs; ${X:1} y",
        "X=mkfsz; ${X:0:4} y",
        "X=zmkfs; ${X#z} y",
        "X=mkfs.z; ${X%.z} y",
        "X=m@k@fs; ${X//@/} y",
        "X=MKFS; ${X,,} y",
        "echo xmkfs y | sed s/x// | sh",
        "echo '#mkfs y' | cut -c2- | sh",
        "$(head -c 4 <<< mkfsxyz) y",
        "m$@kfs y",
        "m``kfs y",
        "${x:-mkfs} y",
        "/usr/sbin/[m]kfs y",
        "IFS=_; X=mkfs_y; $X",
        "printf 'a:\\n\\tmkfs y\\n' | make -f -",
        'f() { mkfs "$@"; }; f a b',
        "mkfs.ext4 y",
        "mke2fs y",
    ],
)
def test_a_name_is_seen_behind_what_hides_it(text: str) -> None:
    assert judge_script(text, STANDARD)


@pytest.mark.parametrize(
    "text",
    [
        "X=zmkfs; ${X:2} y",
        "X=mkfs; ${X#m} y",
        "echo mkfs | sed s/m/x/",
        "ls mkfs.txt",
        "python -c 'print(\"pseudo su2\")'",
    ],
)
def test_a_name_that_is_not_run_is_none(text: str) -> None:
    assert judge_script(text, STANDARD) is None


def test_a_word_that_can_not_be_known_may_be_one_of_the_scripts() -> None:
    assert judge_script("echo -rf /* | xargs rm", STANDARD)
    assert judge_script("for p in a /; do rm -rf $p; done", STANDARD)
    assert judge_script("rm -rf $X", STANDARD) is None


def test_allowed_names_are_the_only_ones() -> None:
    rules = ShellRules(allowed=("git", "python -m pytest"))
    assert judge_script("cd x && git status", rules) is None
    assert judge_script("python -m pytest -q", rules) is None
    assert judge_script("git status; curl x", rules)
    assert judge_script("env git status", rules)


def test_the_user_stays() -> None:
    assert judge_script("sudo ls", STANDARD)
    assert judge_script("X=su; ${!X} root", STANDARD)
    assert judge_script("echo 'su -' > s; BASH_ENV=s bash -c true", STANDARD)
    assert judge_script("sudo ls", ShellRules(allow_root=False)) is None
    assert judge_script("sudo -i", ShellRules(allow_root=False))


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("cat a/b /tmp/x", True),
        ("cat /etc/passwd", False),
        ("cat ../x", False),
        ("cd src && cat ../x", True),
        ("cat ~/.ssh/id", False),
        ("echo x > /dev/null", True),
        ("echo x > /usr/x", False),
        ("grep '/etc/x' src/a", True),
        ("sed -n '/a/p' f", True),
        ('cat "$X"', False),
        ("tar -C/etc -cf x .", False),
        ("cp --target-directory=/etc x", False),
    ],
)
def test_paths(text: str, passes: bool) -> None:
    assert (judge_script(text, WORKSPACE_ONLY) is None) is passes


@pytest.mark.parametrize(
    "text", ["curl -oout u", "curl -O u", "wget u", "git init", "tar xf in/a", "unzip in/a", "sort --output=out in/a"]
)
def test_writes_without_a_redirect(text: str) -> None:
    assert judge_script(text, ShellRules(writable=("/workspace/in",), is_strict=True))
    assert judge_script(text, ShellRules(writable=("/workspace",), is_strict=True)) is None


def test_reasons_can_be_acted_on() -> None:
    reason = judge_script("bash -c 'rm -rf x'", RESTRICTED)
    assert reason is not None
    assert "`rm -rf` is not allowed by the security policy (inside `bash`); delete single files by name" in reason
    assert "plainly" in str(judge_script("eval $X", RESTRICTED))
