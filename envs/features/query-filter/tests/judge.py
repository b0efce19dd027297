"""Judges by trees that are written as queries and evaluated here, and by errors whose places are known."""

import random
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import agree, judge

SEARCH = '''
from tickets.query import search


def case(query, records):
    return [record["id"] for record in search(query, records)]
'''
ERRORS = '''
from tickets.errors import QueryError
from tickets.query import fields, search


def case(query):
    found = []
    for attempt in (lambda: search(query, []), lambda: fields(query)):
        try:
            attempt()
            found.append(None)
        except QueryError as error:
            found.append(error.position)
    return found
'''
RECORDS = [
    {"id": 1, "title": "Login fails", "status": "open", "votes": 12, "tags": ["auth", "Bug"], "closed": False}, {"id": 2, "title": "Straße", "status": "OPEN", "votes": -3, "tags": [], "owner": None},
    {"id": 3, "title": "5", "votes": 5, "tags": ["5", "null"], "closed": True}, {"id": 4, "title": "say \"hi\" \\ now", "status": "null", "votes": 0, "owner": "Ann"}, {"id": 5, "title": "", "status": "true", "tags": ["or"], "closed": None, "not": "x"},
]  # fmt: skip
WANTED = {
    "": [1, 2, 3, 4, 5], "  ": [1, 2, 3, 4, 5], "status=open": [1, 2], "status = \"Open\"": [1, 2], "status!=open": [3, 4, 5], "votes=5": [3], "votes=\"5\"": [3], "votes=05": [3], "votes=five": [], "votes!=five": [1, 2, 3, 4, 5], "title=5": [3],
    "closed=true": [3], "closed=TRUE": [3], "closed=\"true\"": [], "status=true": [5], "owner=null": [1, 2, 3, 5], "owner=\"null\"": [], "status=null": [3, 4], "status=\"null\"": [4], "closed!=null": [1, 3], "tags=bug": [1], "tags=null": [3, 4], "tags!=auth": [2, 3, 4, 5],
    "tags=5": [3], "votes>0": [1, 3], "votes>=0": [1, 3, 4], "votes<-2": [2], "votes<=-3": [2], "title>0": [], "title<9": [], "votes<x": [], "not votes>0": [2, 4, 5], "title~\"\"": [1, 2, 3, 4, 5], "title~LOG": [1], "title~STRASSE": [2], "title=strasse": [2],
    "tags~u": [1, 3], "votes~1": [], "title~\"\\\"hi\\\" \\\\\"": [4], "title~\"\\n\"": [], "title~\"\\\\ n\"": [4], "status=open votes>0": [1], "status=open and votes>0 or votes=5": [1, 3], "votes=5 or status=open votes>0": [1, 3],
    "(votes=5 or status=open) votes>0": [1, 3], "not status=open votes>0": [3], "not (status=open votes>0)": [2, 3, 4, 5], "not not votes=5": [3], "NOT votes=5 AND votes=12 Or votes=0": [1, 4], "tags=or": [5], "tags=OR": [5], "votes=5 not votes=4": [3],
    "a=1 or not b=2": [1, 2, 3, 4, 5], "closed=false": [1], "closed<1": [], "owner~\"\"": [4], "votes=-3": [2], "votes=--3": [], "title=\"\"": [5], "tags=\"\"": [], "status=\"open\"votes>0": [1], "(((votes=5)))": [3], "votes=5(title=5)": [3], "and1=null": [1, 2, 3, 4, 5], "votes = -": [],
}
BAD = {
    "status": 6, "status ": 7, "status =": 8, "= open": 0, "status = = open": 9, "status = (": 9, "(": 1, "(status=open": 12, "status=open)": 11, "()": 1, "and": 0, "a=1 and": 7, "a=1 or or b=2": 7, "a=1 not": 7, "not": 3, "1a=2": 0, "a=1 1a=2": 4, "a=1 b": 5,
    "a=1 \"b\"": 4, "\"a\"=1": 0, "a=\"b": 2, "a=1 b=\"x\\\"": 6, "a=1 && b=2": 4, "a\t=1": 1, "a=é": 2, "é=1": 0, "a==1": 2, "a=1,b=2": 3, "not=1": 3, "or=1": 0, "a.b=1": 0, "a-b=1": 0, "a=1 and and b=1": 8, "a!1": 1, "a=>1": 2, "a=1 or": 6, "a=1 (b=2": 8, "a=1 )": 4, "a b=1": 2,
    "a=1 ; \"": 4, "_a=1": 0, "a=1 or )": 7, "not not": 7, "a=\"x\" = 1": 6, "a=b=c": 3, "a ~": 3, "   ?": 3, "(a=1))": 5, "a=1 and or b=1": 8, "-a=1": 0, "a =1 a": 6, "\"": 0, "a= \"\\": 3, "a=1 or b=2 c": 12,
}  # fmt: skip


def holds(record: dict, field: str, operator: str, value: str) -> bool:
    found, number = record.get(field), int(value) if re.fullmatch("-?[0-9]+", value) else None
    if operator in ("=", "!="):
        if found is None or isinstance(found, bool):
            right = value.lower() == str(found).lower().replace("none", "null")
        elif isinstance(found, int):
            right = number == found
        else:
            right = value.casefold() in [text.casefold() for text in (found if isinstance(found, list) else [found])]
        return right == (operator == "=")
    if operator == "~":
        return any(value.casefold() in text.casefold() for text in (found if isinstance(found, list) else [found]) if isinstance(text, str))
    if number is None or not isinstance(found, int) or isinstance(found, bool):
        return False
    return {"<": found < number, ">": found > number, "<=": found <= number, ">=": found >= number}[operator]


def evaluated(tree: list, record: dict) -> bool:
    kind, *parts = tree
    if kind == "not":
        return not evaluated(parts[0], record)
    if kind in ("and", "or"):
        found = [evaluated(part, record) for part in parts]
        return all(found) if kind == "and" else any(found)
    return holds(record, *tree)


def written(dice: random.Random, tree: list, around: int = 0) -> str:
    kind, *parts = tree
    strength = {"or": 1, "and": 2, "not": 3}.get(kind, 4)
    if kind == "not":
        text = dice.choice(["not", "NOT"]) + " " + written(dice, parts[0], 3)
    elif kind in ("and", "or"):
        texts = [written(dice, part, strength) for part in parts]
        text = texts[0]
        for part in texts[1:]:
            text += (dice.choice([" and ", "  And ", " "]) if kind == "and" else dice.choice([" or ", " OR "])) + part
    else:
        text = dice.choice(["{}{}{}", "{} {} {}", "{}  {}{}"]).format(*tree)
    return f"({text})" if strength < around or dice.random() < 0.1 else text


def random_tree(dice: random.Random, depth: int) -> list:
    kind = dice.choice(["and", "or", "not", "leaf"]) if depth else "leaf"
    if kind == "leaf":
        field = dice.choice(["title", "status", "votes", "votes", "tags", "closed", "owner", "x"])
        return [field, dice.choice(["=", "!=", "<", "<=", ">", ">=", "~"]), dice.choice(["open", "5", "0", "-3", "12", "true", "null", "bug", "a", "or"])]
    return [kind, *(random_tree(dice, depth - 1) for _ in range(1 if kind == "not" else dice.choice([2, 2, 3])))]


def random_trees() -> dict:
    dice = random.Random(404)
    trees = [random_tree(dice, dice.randrange(4)) for _ in range(400)]
    return {written(dice, tree): tree for tree in trees}


def names(tree: list) -> set:
    return set().union(*map(names, tree[1:])) if tree[0] in ("and", "or", "not") else {tree[0]}


def searches() -> None:
    wanted = dict(WANTED)
    for query, tree in random_trees().items():
        wanted[query] = [record["id"] for record in RECORDS if evaluated(tree, record)]
    agree(SEARCH, [[query, RECORDS] for query in wanted], lambda query, records: wanted[query])


def errors() -> None:
    places = {**BAD, **dict.fromkeys(list(WANTED)[:30])}
    agree(ERRORS, [[query] for query in places], lambda query: [places[query]] * 2)


def all_fields() -> None:
    wanted = {"": [], "b=1 or not (a>2 a=c) B~x": ["B", "a", "b"], "votes=tags": ["votes"]}
    wanted |= {query: sorted(names(tree)) for query, tree in random_trees().items()}
    agree("from tickets.query import fields as case", [[query] for query in wanted], lambda query: wanted[query])


judge({"search": searches, "errors": errors, "fields": all_fields}, partial=True)
