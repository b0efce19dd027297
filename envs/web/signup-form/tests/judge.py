"""Fills the form in a real browser, by keys and clicks, and works out in Python what has to be said and sent."""

import json
import random
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from browsing import browse
from judging import content, expect, judge, parsed

FIELDS = ["name", "email", "password", "again", "terms"]
RIGHT = {"name": "Ann Öz", "email": "ann@mail.example", "password": "correct horse 1", "again": "correct horse 1", "terms": True}
NAMES = ["", "   ", "Ann", " Bo ", "x" * 40, "x" * 41, "😀" * 40, "😀" * 41, "<b>Bob</b> & co"]
EMAILS = [
    "", "a@b.c", " a@b.c ", "ann", "@b.c", "a@b", "a@.c", "a@b.", "a@b..c", "a b@c.d", "a@b@c.d", "a@b .c", "a@b.c.d", "a.@b-c.d", "a@b.c d",
    "ann+1@mail.example", ".@b.c",
]
PASSWORDS = ["", "correct horse 1", "short 1", "no digit here", "1234567890", "123456789a", "12345678a", "äöüäöüäöü1", "          1a", "ABCDEFGHI0"]
LOOK = """Object.fromEntries(["name", "email", "password", "again", "terms"].map(id => {
  const field = document.getElementById(id), about = field.getAttribute("aria-describedby");
  const told = about && document.getElementById(about);
  const shown = told && told.getClientRects().length > 0 && getComputedStyle(told).visibility === "visible";
  return [id, [field.getAttribute("aria-invalid"), !about ? null : shown ? told.textContent.trim() : "not displayed"]]}))"""
MARKUP = """$$("#form img, #form b, #done img, #done b").length"""
KEPT = """["name", "email", "password", "again", "terms"].map(id => [
  document.getElementById(id).labels[0].textContent.trim(), document.getElementById(id).type])"""
LABELS = [["Name", "text"], ["E-mail", "text"], ["Password", "password"], ["Password again", "password"], ["I accept the terms", "checkbox"]]
DISPLAYED = '$("#form").getClientRects().length > 0'


def check(values: dict) -> dict:
    """Say what is wrong with each field, or nothing."""
    name, password = values["name"].strip(), values["password"]
    local, at, domain = values["email"].strip().partition("@")
    parts = domain.split(".")
    fits = local and at and len(parts) > 1 and all(parts) and not re.search(r"[\s@]", local + domain)
    strong = len(password) >= 10 and set(password) & set("0123456789") and re.search("[a-zA-Z]", password)
    return {
        "name": "Enter your name." if not name else "Use at most 40 characters." if len(name) > 40 else "",
        "email": "" if fits else "Enter an e-mail address.",
        "password": "" if strong else "Use at least 10 characters, with a letter and a digit.",
        "again": "" if values["again"] == password else "The passwords differ.",
        "terms": "" if values["terms"] else "Accept the terms.",
    }


class Form:
    """The steps so far, and what the form has to hold and say."""

    def __init__(self) -> None:
        self.values, self.steps = {"name": "", "email": "", "password": "", "again": "", "terms": False}, [("go", "index.html")]
        self.said, self.checking = dict.fromkeys(FIELDS, ""), False
        self.look()
        self.steps.append(("read", KEPT, LABELS))

    def look(self) -> None:
        told = {name: ["true", text] if text else [None, None] for name, text in self.said.items()}
        self.steps.append(("read", LOOK, told))

    def put(self, name: str, value: object) -> None:
        if name != "terms":
            self.steps.append(("fill", f'$("#{name}")', value))
        elif self.values["terms"] != value:
            self.steps.append(("click", '$("#terms")'))
        else:
            return
        self.values[name] = value
        if self.checking:
            now = check(self.values)
            self.said[name] = now[name]
            if name == "password":
                self.said["again"] = now["again"]
            self.look()

    def submit(self, by_key: bool = False) -> bool:
        """Submit, expect what is said, and return whether something is sent."""
        self.steps.append(("press", "Enter") if by_key else ("click", '$("#send")'))
        self.said, self.checking = check(self.values), True
        wrong = [name for name in FIELDS if self.said[name]]
        if wrong:
            self.look()
            self.steps.append(("read", "document.activeElement.id", wrong[0]))
        return not wrong

    def sent(self) -> dict:
        return {"name": self.values["name"].strip(), "email": self.values["email"].strip(), "password": self.values["password"]}


def page() -> dict:
    return {"index.html": content("index.html").encode()}


def play(case: str, form: Form, sent: list, answers: list) -> None:
    """Take the steps, and expect these objects to be sent."""
    form.steps += [("read", MARKUP, 0)]
    requests = browse(case, page(), form.steps, answers=answers)
    posts = [request for request in requests if request[0] == "POST"]
    expect(len(posts) == len(sent), f"{case}: wanted {len(sent)} POSTs, got {len(posts)}")
    for (_, path, body, kind), wanted in zip(posts, sent):
        expect(path == "signup", f"{case}: sent to {path}")
        expect((kind or "").split(";")[0].strip().lower() == "application/json", f"{case}: the content type is {kind}")
        expect(parsed(body) == wanted, f"{case}: wanted {wanted} to be sent, got {body[:300]}")
    others = {name for method, name, *_ in requests if method == "GET"} - {"index.html", "favicon.ico"}
    expect(not others, f"{case}: the page asked for {sorted(others)[:3]}")


def checks() -> None:
    for seed in range(2):
        dice, form = random.Random(seed), Form()
        for name, values in (("name", NAMES), ("password", PASSWORDS)):
            form.put(name, dice.choice(values))
        form.look()
        form.submit()
        everything = [*(("name", each) for each in NAMES), *(("email", each) for each in EMAILS), *(("password", each) for each in PASSWORDS)]
        dice.shuffle(everything)
        for name, value in everything[: len(everything) * 2 // 3]:
            form.put(name, value)
            if name == "password" and dice.random() < 0.6:
                form.put("again", dice.choice([value, f"{value} ", value.upper()]))
            if dice.random() < 0.2:
                form.put("terms", not form.values["terms"])
        form.put("name", "")
        form.submit()
        for name, value in RIGHT.items():
            form.put(name, value)
        form.put("name", "  <img src=mark> & Ann ")
        assert form.submit()
        form.steps += [("read", '$("#done").textContent.trim()', "Welcome, <img src=mark> & Ann!"), ("read", DISPLAYED, False)]
        play(f"checks {seed}", form, [form.sent()], [[201, "{}", 0]])


def filled() -> Form:
    form = Form()
    for name, value in RIGHT.items():
        form.put(name, value)
    return form


def refused() -> None:
    form = filled()
    form.put("email", " taken@mail.example ")
    sent = [form.sent()]
    assert form.submit(by_key=True)
    message = "<b>taken@mail.example</b> is taken<img src=mark>"
    form.said["email"] = message
    form.look()
    form.steps += [("read", "document.activeElement.id", "email"), ("read", '$("#send").disabled', False), ("read", DISPLAYED, True)]
    form.put("email", "new@mail.example")
    assert form.submit()
    form.said["name"] = "This name is not free."
    form.look()
    form.steps += [("read", "document.activeElement.id", "name"), ("read", '$("#done").textContent.trim()', "")]
    sent.append(form.sent())
    form.put("name", "")
    form.put("name", "Eve")
    assert form.submit()
    form.steps += [("read", '$("#done").textContent.trim()', "Welcome, Eve!")]
    sent.append(form.sent())
    answers = [["email", message], ["name", "This name is not free."]]
    play("refused", form, sent, [*([409, json.dumps({"field": field, "message": text}), 0] for field, text in answers), [201, "", 0]])


def slow() -> None:
    """While the answer is awaited nothing is sent again, whatever is pressed; after a failure it can be."""
    form = filled()
    assert form.submit()
    form.steps += [("read", '$("#send").disabled', True), ("run", '$("#name").focus()'), ("press", "Enter"), ("press", "Enter")]
    form.steps += [("read", '$("#problem").textContent.trim()', "Try again later."), ("read", '$("#send").disabled', False)]
    form.put("terms", False)
    form.submit()
    form.steps.append(("read", '$("#problem").textContent.trim()', ""))
    form.put("terms", True)
    assert form.submit()
    form.steps += [("read", '$("#done").textContent.trim()', "Welcome, Ann Öz!"), ("read", '$("#problem").textContent.trim()', "")]
    play("slow", form, [form.sent(), form.sent()], [[503, "{}", 1.5], [201, "{}", 0]])


if __name__ == "__main__":
    judge({"checks": checks, "refused": refused, "slow": slow})
