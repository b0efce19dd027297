"""Asks for documents of a made-up tree, by honest and by hostile names."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import call, expect, judge, scratch

READ = {
    "a.txt": "a", "./a.txt": "a", "sub/../a.txt": "a", "sub//b.txt": "b", "sub/./deep/../b.txt": "b", "link": "b", "dirlink/b.txt": "b",
    "dirlink/../a.txt": "a", "sub/up/a.txt": "a", "....//x": "dots", "%2e%2e/x": "percent", "..hidden": "h", "...": "three", "sub/..b": "bb",
    "latin": "caf\ufffd", "with\nline": "l", " ": "blank", "chain": "b", "empty": "", "../docs/a.txt": "a", "sub/../../docs/a.txt": "a",
    "sub/deep/back/a.txt": "a", "~": "tilde", "$HOME": "home", "back\\slash": "s", "same": "a",
}
LEADS_OUT = [
    "/etc/passwd", "../secret", "..", "../", "sub/../../secret", "../docs-archive/old", "out", "outdir/secret", "sub/deep/../../../secret",
    "", "a.txt\0", "\0", "../secret\0.txt", "/", "//etc/passwd", "../none", "outdir/none", "proc/environ", "chain-out", "/a.txt",
    "sub/../..", "../docs-archive", "out/", "dirlink/../../secret", "dangling-out",
]
MISSING = ["none", "sub", ".", "sub/..", "sub/none.txt", "a.txt/b", "dangling", "pipe", "none/../a.txt", "a.txt/../a.txt", "A.TXT", "a.txt ",
           "loop", "../docs", "a.txt/", "a.txt/."]


def tree(place: Path) -> Path:
    root = place / "docs"
    for folder in ("sub/deep", "....", "%2e%2e"):
        (root / folder).mkdir(parents=True)
    (place / "docs-archive").mkdir()
    for path, text in {"a.txt": "a", "sub/b.txt": "b", "..../x": "dots", "%2e%2e/x": "percent", "..hidden": "h", "...": "three",
                       "sub/..b": "bb", "with\nline": "l", " ": "blank", "empty": "", "~": "tilde", "$HOME": "home", "back\\slash": "s",
                       "../secret": "SECRET", "../docs-archive/old": "SECRET"}.items():
        (root / path).write_text(text)
    (root / "latin").write_bytes(b"caf\xe9")
    for link, target in {"link": "sub/b.txt", "dirlink": "sub", "sub/up": "..", "out": "../secret", "outdir": "..", "proc": "/proc/self",
                         "chain": "link", "chain-out": "out", "dangling": "none", "dangling-out": "../none", "loop": "loop",
                         "sub/deep/back": str(root), "same": str(root / "a.txt")}.items():
        (root / link).symlink_to(target)
    os.mkfifo(root / "pipe")
    (place / "way").symlink_to("docs")
    return root


def ask(root: str, names: list, cwd: Path | None = None) -> list:
    return call("documents", "read_document", [[root, name] for name in names])


def reads() -> None:
    with scratch() as place:
        root = tree(place)
        for given in (str(root), str(place / "way"), f"{root}/", os.path.relpath(root)):
            for name, answer in zip(READ, ask(given, list(READ))):
                expect(answer.get("value") == READ[name], f"{name!r} below {given}: wanted {READ[name]!r}, got {answer}")


def refuses() -> None:
    with scratch() as place:
        root = tree(place)
        for given in (str(root), str(place / "way"), os.path.relpath(root)):
            for wanted, names in (("PermissionError", LEADS_OUT), ("FileNotFoundError", MISSING)):
                for name, answer in zip(names, ask(given, names)):
                    kinds = answer.get("error", [])
                    expect(wanted in kinds, f"{name!r} below {given}: wanted a {wanted}, got {answer}")


judge({"reads": reads, "refuses": refuses})
