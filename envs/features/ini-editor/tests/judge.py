"""Judges files by what stands beside them here, and by files that are made from known pieces."""

import random
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import agree, judge

READ = '''
from setup_tool.errors import IniError
from setup_tool.ini import Ini


def case(text, asked):
    try:
        ini = Ini(text)
    except IniError as error:
        return {"line": error.line}
    found = [[ini.get(*each), ini.get(*each, "default")] for each in asked]
    keys = []
    for name in ["", *ini.sections(), "no such section"]:
        try:
            keys.append(ini.keys(name))
        except KeyError:
            keys.append("KeyError")
    return [str(ini), ini.sections(), keys, found]
'''
CHANGE = '''
from setup_tool.ini import Ini


def case(text, calls):
    ini, seen = Ini(text), []
    for name, *given in calls:
        try:
            seen.append(getattr(ini, name)(*given))
        except ValueError:
            seen.append("ValueError")
        seen.append(str(ini))
    return seen
'''
ASKED = [["", "a"], ["S", "a"], ["s", "A"], ["S", "b"], ["S", "nothing"], ["no", "a"], ["T t", "k"]]
GOOD = ["", "\n", "a=1", "a = 1\n", " \t\n; c\n  # d = 1\n[S]\na=\n", "[S]\na = x # y ; z = w\n", "[ S ]\nA = 1\na=2\n[T t]\nk=v\n[s]\nb = 3\n", "[S]\na = 1\n  more\n\tagain = x\n\nb=2\n", "a = 1\n  # no\n  b = 2\n", "[S]\n  a = 1\n  b = 2\n",
        "a =  x\ty  \n", "=\n"[1:], "[S]\na = 1\n  [T]\n  a = 2\n", "é = ü\n[S]\na==\n", "[S]\na = \n  x\n", "[S]\r\na=1\r\n"[:3] + "\n", "a\x0cb = 1\x0b\n", "k = 1\n[S]\n [x = 5\n"]  # fmt: skip
BAD = {"x": 1, "[S\n": 1, "[]\n": 1, "[ ]": 1, "[a]b\n": 1, "[a[b]\n": 1, "a=1\nx\n": 2, "=1\n": 1, " = 1": 1, "\n\n  more\n": 3, "[S]\n more\n": 2, "a = 1\n# c\n  more\n": 3, "a=1\n\n more": 3, "[S]\na=1\n=2": 3, "[a]]": 1, "a: 1": 1, "[x] # c\n": 1}
SETS = [
    ["a = 1\nb=2\n", "", "a", "x", "a = x\nb=2\n"], ["  A\t=\t1  \n", "", "a", "x y", "  A\t=\tx y  \n"], ["a=1", "", "a", "2", "a=2"], ["a = 1\n  more\n  x\nb=2\n", "", "a", "new", "a = new\nb=2\n"], ["a = 1\na = 2\n", "", "a", "3", "a = 1\na = 3\n"],
    ["a = 1\n", "", "a", "x\ny", "a = x\n    y\n"], ["a =\n", "", "a", "x", "a = x\n"], ["a=\n", "", "a", "x", "a=x\n"], ["a =  \n", "", "a", "x", "a =  x\n"], ["a = 1\n", "", "a", "", "a = \n"], ["a = 1 \n", "", "a", "", "a =  \n"], ["", "", "a", "1", "a = 1\n"], ["# c\n", "", "a", "1", "a = 1\n# c\n"],
    ["", "S", "a", "1", "[S]\na = 1\n"], ["x=1", "S", "a", "1", "x=1\n\n[S]\na = 1\n"], ["x=1\n", "S", "a", "", "x=1\n\n[S]\na =\n"], ["[S]\n# c\n\n[T]\n", "s", "a", "1", "[S]\na = 1\n# c\n\n[T]\n"], ["[S]\nb=1\n  more\n# c\n[T]\nx=1\n[S]\n# d\n", "S", "a", "1", "[S]\nb=1\n  more\na = 1\n# c\n[T]\nx=1\n[S]\n# d\n"],
    ["[S]\nb=1\n[T]\n[s]\nc=1\n", "S", "a", "1", "[S]\nb=1\n[T]\n[s]\nc=1\na = 1\n"], ["[S]", "S", "a", "1", "[S]\na = 1"], ["[S]\nb=1", "S", "a", "x\ny", "[S]\nb=1\na = x\n    y"], ["[S]\n", "", "a", "1", "a = 1\n[S]\n"], ["a = 1\n", "", "a", "x = y # z", "a = x = y # z\n"], ["a = 1\n", "", "b", "[x]", "a = 1\nb = [x]\n"],
    ["a = 1\n", "", "b", "#x", "a = 1\nb = #x\n"], ["[S]\na=1\n", "S", "a", "é\nb = c", "[S]\na=é\n    b = c\n"], ["a = 1\n", "", "B c", "x", "a = 1\nB c = x\n"], ["x=1", "", "a", "1", "x=1\na = 1"],
]  # fmt: skip
REFUSED = [["", "a", " x"], ["", "a", "x "], ["", "a", "x\n"], ["", "a", "x\n\ny"], ["", "a", "\nx"], ["", "a", "x\n y"], ["", "a", "x\n#y"], ["", "a", "x\n;y"], ["", "a", "x\n[y]"], ["", "a", "\t"], ["", "", "x"], ["", " k", "x"], ["", "k=", "x"], ["", "#k", "x"], ["", ";k", "x"], ["", "k\nl", "x"], ["a]", "k", "x"], ["a[", "k", "x"],
           [" a", "k", "x"], ["a\nb", "k", "x"], [" ", "k", "x"], ["", "[k", "x]"], ["a", "k", "\n"]]  # fmt: skip
REMOVES = [
    ["a = 1\nb=2\n", "", "A", True, "b=2\n"], ["a = 1\n  more\n# c\na=2\n", "", "a", True, "# c\n"], ["a = 1\n", "", "b", False, "a = 1\n"], ["a = 1\n", "S", "a", False, "a = 1\n"], ["[S]\na=1\n[T]\na=2\n[s]\na = 3\n x\nb=1", "S", "a", True, "[S]\n[T]\na=2\n[s]\nb=1"],
    ["b=1\na = 1", "", "a", True, "b=1"], ["a=1", "", "a", True, ""],
]  # fmt: skip


def read_reference(text: str, asked: list) -> object:
    if text in BAD:
        return {"line": BAD[text]}
    section, after, values, keys, names = "", False, {}, {"": {}}, {}
    for line in text.split("\n"):
        bare = line.strip(" \t")
        if not bare or bare[0] in "#;":
            after = False
        elif re.fullmatch(r"\[[^\[\]]*[^\[\] \t][^\[\]]*\]", bare):
            name = bare[1:-1].strip(" \t")
            section, after = name.lower(), False
            names.setdefault(section, name)
            keys.setdefault(section, {})
        elif after and line[0] in " \t":
            values[after] += "\n" + bare
        else:
            key, _, value = (part.strip(" \t") for part in line.partition("="))
            after = section, key.lower()
            keys[section].setdefault(key.lower(), key)
            values[after] = value
    found = [[values.get((name.lower(), key.lower())), values.get((name.lower(), key.lower()), "default")] for name, key in asked]
    return [text, list(names.values()), [list(keys[name].values()) for name in ["", *names]] + ["KeyError"], found]


def reads() -> None:
    dice = random.Random(9)
    pieces = ["a = 1", "A=2", "b =", " a = 5", "\tmore", "  x = y", "# c", "", "  ", "[S]", " [ s ] ", "[T t]", "k= v ", " ; d"]
    texts = []
    while len(texts) < 400:
        lines = [dice.choice(pieces) for _ in range(dice.randrange(10))]
        kinds = [line.strip() == "more" and (at == 0 or not re.match(r"[aAbkx\t ]", lines[at - 1]) or lines[at - 1].strip(" \t")[:1] in ("", "#", ";", "[")) for at, line in enumerate(lines)]
        if not any(kinds):
            texts.append("\n".join(lines) + dice.choice(["", "\n"]))
    agree(READ, [[text, ASKED] for text in [*GOOD, *BAD, *texts]], read_reference)


def sets() -> None:
    cases = [[text, [["set", section, key, value], ["get", section, key]]] for text, section, key, value, _ in SETS]
    wanted = {str(case): [None, after, value, after] for case, (*_, value, after) in zip(cases, SETS)}
    for section, key, value in REFUSED:
        cases.append(["a = 1\n", [["set", section, key, value]]])
        wanted[str(cases[-1])] = ["ValueError", "a = 1\n"]
    steps = [["set", "", "a", "1"], ["set", "S", "b", "2"], ["set", "s", "c", "3\n4"], ["set", "", "d", ""], ["set", "S", "B", "5\n6"], ["set", "S", "b", "7"], ["set", "T", "x", "y"]]
    texts = ["a = 1\n", "a = 1\n\n[S]\nb = 2\n", "a = 1\n\n[S]\nb = 2\nc = 3\n    4\n", "a = 1\nd =\n\n[S]\nb = 2\nc = 3\n    4\n", "a = 1\nd =\n\n[S]\nb = 5\n    6\nc = 3\n    4\n"]
    texts += ["a = 1\nd =\n\n[S]\nb = 7\nc = 3\n    4\n", "a = 1\nd =\n\n[S]\nb = 7\nc = 3\n    4\n\n[T]\nx = y\n"]
    cases.append(["", steps])
    wanted[str(cases[-1])] = [each for text in texts for each in (None, text)]
    agree(CHANGE, cases, lambda *case: wanted[str(list(case))])


def removes() -> None:
    cases = [[text, [["remove", section, key], ["get", section, key]]] for text, section, key, *_ in REMOVES]
    wanted = {str(case): [there, after, None, after] for case, (*_, there, after) in zip(cases, REMOVES)}
    cases.append(["[S]\na=1\n", [["remove", "S", "a"], ["set", "S", "a", "2"], ["remove", "S", "a"], ["remove", "S", "a"]]])
    wanted[str(cases[-1])] = [True, "[S]\n", None, "[S]\na = 2\n", True, "[S]\n", False, "[S]\n"]
    agree(CHANGE, cases, lambda *case: wanted[str(list(case))])


judge({"read": reads, "set": sets, "remove": removes}, partial=True)
