"""Uses the page in a real browser, by keys and clicks, beside a list that is kept in Python."""

import json
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from browsing import browse
from judging import content, judge

WORDS = ["milk", "call Ann", "a < b & c", "<b>bold</b>", "<img src=x onerror=\"fetch('/mark')\">", "\"quoted\"", "Öl", "milk"]
LOOK = """({
  items: $$("#list > li").map(item => [
    item.querySelector(".text").textContent, item.querySelector("input[type=checkbox]").checked,
    item.querySelector("button.delete").getAttribute("aria-label"), item.querySelector(".text").children.length]),
  count: $("#count").textContent.trim(), typed: $("#new").value, hidden: getComputedStyle($("#clear")).display === "none",
  current: $$("#filters a").filter(link => link.getAttribute("aria-current") === "page").map(link => link.getAttribute("href")),
  kept: JSON.parse(localStorage.getItem("todo") || "[]").map(kept => [kept.text, kept.done])})"""
FILTERS = {"": None, "#/all": None, "#/open": False, "#/done": True, "#/other": None}


class List:
    """What the page has to show."""

    def __init__(self, kept: list = ()) -> None:
        self.items, self.at, self.steps = [list(item) for item in kept], "", []

    def shown(self) -> list:
        wanted = FILTERS[self.at]
        return [item for item in self.items if wanted in (None, item[1])]

    def look(self, typed: str = "") -> None:
        num_open = sum(not done for _, done in self.items)
        wanted = {
            "items": [[text, done, f"Delete {text}", 0] for text, done in self.shown()],
            "count": f"{num_open} {'task' if num_open == 1 else 'tasks'} open",
            "typed": typed,
            "hidden": num_open == len(self.items),
            "current": [self.at if self.at in ("#/open", "#/done") else "#/all"],
            "kept": self.items,
        }
        self.steps.append(("read", LOOK, json.loads(json.dumps(wanted))))

    def add(self, text: str, by_key: bool) -> None:
        self.steps += [("fill", '$("#new")', text), ("press", "Enter") if by_key else ("click", '$("#add")')]
        if text.strip():
            self.items.append([text.strip(), False])
            self.look()
            self.steps.append(("read", 'document.activeElement === $("#new")', True))
        else:
            self.steps.append(("read", '$("#new").value.trim()', ""))

    def show(self, at: str) -> None:
        self.at = at
        known = at in ("#/all", "#/open", "#/done")
        self.steps.append(("click", f"$('#filters a[href=\"{at}\"]')") if known else ("go", f"index.html{at}"))
        self.look()

    def change(self, what: str, dice: random.Random) -> None:
        there = self.shown()
        if not there:
            return
        item = dice.choice(there)
        place = f'$$("#list > li")[{[id(each) for each in there].index(id(item))}]'
        if what == "tick":
            self.steps.append(("click", f'{place}.querySelector("input")'))
            item[1] = not item[1]
        else:
            self.steps.append(("click", f'{place}.querySelector("button.delete")'))
            self.items = [each for each in self.items if each is not item]
        self.look()

    def clear(self) -> None:
        if any(done for _, done in self.items):
            self.steps.append(("click", '$("#clear")'))
            self.items = [item for item in self.items if not item[1]]
            self.look()


def page() -> dict:
    return {"index.html": content("index.html").encode()}


def used() -> None:
    for seed in range(3):
        dice, kept = random.Random(seed), List()
        kept.steps.append(("go", "index.html"))
        kept.look()
        for text in dice.sample(WORDS, 4):
            kept.add(f" {text} " if dice.random() < 0.5 else text, dice.random() < 0.5)
        for _ in range(14):
            what = dice.choice(["tick", "tick", "delete", "add", "clear", "show", "show", "blank"])
            if what == "add":
                kept.show("#/all")
                kept.add(dice.choice(WORDS), True)
            elif what == "blank":
                kept.add(dice.choice(["", "   "]), dice.random() < 0.5)
                kept.steps.append(("fill", '$("#new")', ""))
                kept.look()
            elif what == "show":
                kept.show(dice.choice(["#/all", "#/open", "#/done"]))
            elif what == "clear":
                kept.clear()
            else:
                kept.change(what, dice)
        kept.steps.append(("go", f"index.html{kept.at}"))
        kept.look()
        kept.show("#/other")
        requests = browse(f"use {seed}", page(), kept.steps)
        judge_requests(requests)


def judge_requests(requests: list) -> None:
    from judging import expect

    asked = {name for _, name, *_ in requests}
    expect("mark" not in asked, "markup in a task's text was taken for markup")


def kept() -> None:
    """What was stored is read; what can't be understood is no task."""
    good = [["old one", True], ["<i>other</i>", False]]
    stored = {
        json.dumps([{"text": text, "done": done} for text, done in good]): good,
        "{broken": [],
        "null": [],
        '{"text": "x", "done": true}': [],
        '[{"text": "a", "done": false}, 5, null, {"text": 7, "done": true}, {"text": "b", "done": "yes"}, {"done": true}]': [["a", False]],
    }
    for text, wanted in stored.items():
        now = List(wanted)
        now.steps += [("go", "index.html"), ("run", f'localStorage.setItem("todo", {json.dumps(text)})'), ("go", "index.html")]
        now.steps.append(("read", '$$("#list .text").map(each => each.textContent)', [text for text, _ in wanted]))
        now.add("one more", True)
        browse(f"stored {text}", page(), now.steps)


def two_tabs() -> None:
    dice, now = random.Random(5), List()
    now.steps.append(("go", "index.html"))
    now.add("from the first", True)
    now.steps += [("tab", "second"), ("go", "index.html")]
    now.look()
    now.add("from the second", False)
    now.steps.append(("tab", "first"))
    now.look()
    now.change("tick", dice)
    now.steps.append(("tab", "second"))
    now.look()
    now.clear()
    now.steps.append(("tab", "first"))
    now.look()
    browse("two tabs", page(), now.steps)


def back() -> None:
    """The browser's own button goes to the filter before."""
    now = List()
    now.steps.append(("go", "index.html#/all"))
    now.at = "#/all"
    now.add("x", True)
    now.show("#/done")
    now.steps.append(("run", "history.back()"))
    now.at = "#/all"
    now.look()
    browse("back", page(), now.steps)


if __name__ == "__main__":
    judge({"used": used, "kept": kept, "two_tabs": two_tabs, "back": back})
