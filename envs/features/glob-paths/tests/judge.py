"""Compares with a matcher that goes back and forth over patterns and paths, and times patterns of many stars."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import agree, call, expect, judge, same

NAMED = [
    ("a/**/b", "a/b", 1), ("a/**/b", "a/x/y/b", 1), ("**/b", "b", 1), ("a/**", "a", 1), ("a/**", "a/b/c", 1), ("a/**", "ab", 0), ("**", "a/b", 1),
    ("*", "a/b", 0), ("a*b", "a/b", 0), ("a**b", "a/b", 0), ("a**b", "axxb", 1), ("?", "/", 0), ("a?b", "a/b", 0), ("*", ".x", 1), ("[abc]", "b", 1),
    ("[!a-c]", "d", 1), ("[!a-c]", "b", 0), ("a[!b]c", "a/c", 0), ("[]a]", "]", 1), ("[!]a]", "b", 1), ("[!]a]", "]", 0), ("[-a]", "-", 1), ("[a-]", "-", 1), ("[z-a]", "m", 0),
    ("[z-a]", "z", 0), ("[abc", "[abc", 1), ("[", "[", 1), ("[]", "[]", 1), ("[!]", "[!]", 1), ("\\*", "*", 1), ("\\*", "a", 0), ("a\\", "a\\", 1), ("[\\]", "\\", 1), ("\\[a]", "[a]", 1),
    ("[a\\-z]", "b", 1), ("A", "a", 0), ("a.b", "axb", 0), ("**/**", "a", 1), ("a/**/**/b", "a/b", 1), ("[a-c-e]", "-", 1), ("[a-c-e]", "d", 0), ("***", "a/b", 0), ("\\**", "*a", 1),
    ("a/[b/]c", "a/bc", 1), ("[/]", "/", 0), ("(a|b)+$^", "(a|b)+$^", 1), ("é*", "éa", 1), ("[!!]", "!", 0), ("[!!]", "a", 1), ("[^a]", "^", 1), ("*\n", "a\n", 1), ("a\\/b", "a/b", 1),
    ("\\**/a", "*/a", 1), ("\\*\\*", "x/y", 0), ("[*]", "*", 1), ("[?]", "a", 0), ("\\\\", "\\", 1), ("\\a", "a", 1),
]  # fmt: skip


def one(pattern: str) -> list:
    """Read a pattern as tokens: ("set", test), ("char", c), ("star",), ("parts",), ("/",)."""
    tokens: list = []
    at = 0
    while at < len(pattern):
        c = pattern[at]
        if pattern[at : at + 2] == "**" and pattern[at : at + 3] in ("**", "**/") and (not tokens or tokens[-1] == ("/",)):
            tokens.append(("parts",))
            at += 2
            continue
        closing = pattern.find("]", at + (3 if pattern[at + 1 : at + 2] == "!" else 2)) if c == "[" else -1
        if c == "\\" and at + 1 < len(pattern):
            tokens.append(("/",) if pattern[at + 1] == "/" else ("char", pattern[at + 1]))
            at += 2
            continue
        if closing > 0:
            body = pattern[at + 1 : closing]
            negated, body = body[:1] == "!", body[1:] if body[:1] == "!" else body
            allowed: set = set()
            index = 0
            while index < len(body):
                if body[index + 1 : index + 2] == "-" and index + 2 < len(body):
                    allowed |= {chr(code) for code in range(ord(body[index]), ord(body[index + 2]) + 1)}
                    index += 3
                else:
                    allowed.add(body[index])
                    index += 1
            tokens.append(("set", allowed, negated))
            at = closing + 1
            continue
        tokens.append({"*": ("star",), "?": ("set", set(), True), "/": ("/",)}.get(c, ("char", c)))
        at += 1
    return tokens


def reference(pattern: str, path: str) -> bool:
    names, segments = path.split("/"), [[]]
    for token in one(pattern):
        if token == ("/",):
            segments.append([])
        else:
            segments[-1].append(token)

    def whole(i: int, j: int) -> bool:
        if i == len(segments):
            return j == len(names)
        if segments[i] == [("parts",)]:
            return any(whole(i + 1, k) for k in range(j, len(names) + 1))
        return j < len(names) and part(segments[i], names[j]) and whole(i + 1, j + 1)

    return whole(0, 0)


def part(tokens: list, name: str) -> bool:
    if not tokens:
        return not name
    kind, *data = tokens[0]
    if kind == "star":
        return any(part(tokens[1:], name[at:]) for at in range(len(name) + 1))
    if not name:
        return False
    right = name[0] == data[0] if kind == "char" else (name[0] in data[0]) != data[1]
    return right and part(tokens[1:], name[1:])


def selected_reference(rules: list, paths: list) -> list:
    found = []
    for path in paths:
        above = [path[:at] for at in range(1, len(path)) if path[at] == "/"] + [path]
        decision = False
        for rule in rules:
            if rule[:1] not in ("", "#") and any(reference(rule[rule[0] == "!" :], each) for each in above):
                decision = rule[0] != "!"
        if decision:
            found.append(path)
    return found


def random_path(dice: random.Random) -> str:
    return "/".join("".join(dice.choice("aab-c") for _ in range(dice.randrange(1, 4))) for _ in range(dice.randrange(1, 5)))


def random_pattern(dice: random.Random) -> str:
    piece = lambda: "".join(dice.choice(["a", "b", "c", "*", "?", "[ab]", "[!a]", "[a-b-]", "\\a", "-"]) for _ in range(dice.randrange(1, 4)))
    return "/".join(dice.choice([piece(), piece(), "*", "**"]) for _ in range(dice.randrange(1, 5)))


def patterns() -> None:
    dice = random.Random(14)
    wanted = [(pattern, path, bool(right)) for pattern, path, right in NAMED]
    for _ in range(1500):
        pattern, path = random_pattern(dice), random_path(dice)
        wanted.append((pattern, path, reference(pattern, path)))
    for (pattern, path, right), answer in zip(wanted, call("patterns", "matches", [[pattern, path] for pattern, path, _ in wanted])):
        expect(same(answer.get("value"), right), f"matches({pattern!r}, {path!r}): wanted {right}, got {answer}")
    slow = [["*a" * 60 + "b", "a" * 400], ["**/a/" * 60 + "b", "a/" * 200 + "a"], ["[a-z]*" * 50 + "1", "a" * 300]]
    for answer in call("patterns", "matches", slow, timeout_s=5):
        expect(same(answer.get("value"), False), f"a pattern of many stars: wanted False, got {answer}")


def selections() -> None:
    dice = random.Random(15)
    cases = [[["src/**", "!**/*.o", "", "# x", "\\#a", "\\!b"], ["src/a", "src/a.o", "src/x.o/y", "#a", "!b", "b", "docs"]], [["!a", "a"], ["a", "a/b"]], [["a", "!a/b"], ["a/b/c", "a/c", "ab"]]]
    for _ in range(150):
        rules = [dice.choice(["", "", "!", "#"]) + random_pattern(dice) for _ in range(dice.randrange(6))]
        cases.append([rules, [random_path(dice) for _ in range(12)]])
    agree("from patterns import selected as case", cases, selected_reference)


judge({"matches": patterns, "selected": selections}, partial=True)
