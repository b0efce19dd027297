"""Judges templates by what stands beside them here, and by trees that are written as templates and rendered by another way."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import Refused, agree, judge

DRIVER = "from mails.templates import render as case"
DATA = {"a": "x", "n": 5, "t": True, "f": False, "null": None, "html": "<a href='b'>&\"", "list": [1, 2], "empty": [], "none": "", "zero": 0, "eo": {}, "tag": "{{a}}", "half": 1.5,
        "o": {"a": "inner", "p": {"q": "deep", "null": None}}, "items": [{"a": 1}, {"b": 2}, "s", None, [7]], "neg": -3}  # fmt: skip
VALUES = {
    "{{a}}": "x", "{{ a }}": "x", "{{  a}}": "x", "{{n}}{{neg}}": "5-3", "{{t}}{{f}}": "truefalse", "{{null}}|": "|", "{{html}}": "&lt;a href=&#39;b&#39;&gt;&amp;&quot;", "{{&html}}": "<a href='b'>&\"", "{{ & html }}": "<a href='b'>&\"",
    "{{tag}}": "{{a}}", "{{&tag}}{{a}}": "{{a}}x", "{{o.a}}": "inner", "{{o.p.q}}": "deep", "{{o.p.null}}": "", "{{zero}}": "0", "{{none}}": "", "a}}b": "a}}b", "{a} { {": "{a} { {", "{{!x}}": "", "a{{! }b\n }}c": "ac", "": "", "{{!}}": "", "{{a}}}": "x}", "{{! {{a }}": "",
}
SECTIONS = {
    "{{#list}}<{{.}}>{{/list}}": "<1><2>", "{{#items}}{{#a}}{{a}},{{/a}}{{/items}}": "1,x,x,x,x,", "{{#o}}{{a}}{{n}}{{/o}}": "inner5", "{{#t}}{{a}}{{/t}}": "x", "{{#zero}}z{{/zero}}": "z", "{{#none}}z{{/none}}": "", "{{#eo}}z{{a}}{{/eo}}": "zx",
    "{{#f}}z{{/f}}{{^f}}y{{/f}}": "y", "{{^missing}}y{{/missing}}{{#missing}}z{{/missing}}": "y", "{{^list}}y{{/list}}": "", "{{^empty}}y{{/empty}}": "y", "{{#null}}z{{/null}}{{^null}}y{{/null}}": "y", "{{#list}}{{#t}}{{.}}{{/t}}{{/list}}": "12",
    "{{#list}}{{^f}}{{.}}{{/f}}{{/list}}": "12", "{{#o.p}}{{q}}{{/o.p}}": "deep", "{{^o.x.y}}no{{/o.x.y}}": "no", "{{#o}}{{#p}}{{a}}{{/p}}{{/o}}": "inner", "{{#o}}{{p.q}}{{/o}}": "deep", "{{#n}}{{n}}{{/n}}": "5", "{{# o }}{{a}}{{/ o }}": "inner",
    "{{#items}}{{^b}}n{{/b}}{{/items}}": "nnnn", "{{#o.p}}{{a}}{{/o.p}}": "x", "{{#f}}{{nowhere}}{{/f}}": "", "{{#list}}{{#list}}{{.}}{{/list}};{{/list}}": "12;12;", "{{#a}}{{#.}}{{n}}{{/.}}{{/a}}": "5", "{{#items}}{{#.}}[{{/.}}{{/items}}": "[[[[",
}
SPACE = {
    "a\n{{#list}}\n{{.}}\n{{/list}}\nb": "a\n1\n2\nb", "  {{#t}}  \nx\n  {{/t}}\n": "x\n", "{{#t}} x\n{{/t}}": " x\n", "a {{!c}}\nb": "a \nb", "{{!c}}\nb": "b", "a\n{{!c}}": "a\n", "{{!c\nd}}\nb": "\nb", "{{a}}\nb": "x\nb", "{{#t}}{{/t}}\nb": "\nb",
    " {{!a}} {{!b}} \nc": "   \nc", "\t{{!a}}\nb": "\t\nb", "{{#t}}\n{{#f}}\nz\n{{/f}}\n{{^f}}\ny\n{{/f}}\n{{/t}}\n": "y\n", "a\r\n{{!c}}\r\nb": "a\r\n\r\nb", "\n\n{{!c}}\n\n": "\n\n\n", "{{#list}}\n\n{{/list}}": "\n\n", "{{#t}}\n{{a}}{{/t}}": "x", "{{a}}\n{{!c}}\n{{a}}": "x\nx",
    "{{#f}}\n{{/f}}": "", "x{{#t}}\ny\n{{/t}}\nz": "x\ny\nz", "{{!a}}\n{{!b}}\nc": "c", " {{& a }} \n": " x \n", "  {{#list}}{{.}}\n{{/list}}z": "  1\n2\nz",
}
ERRORS = ["{{}}", "{{ }}", "{{a", "{{a b}}", "{{#a}}", "{{/a}}", "{{#a}}{{/b}}", "{{#t}}{{#a}}{{/t}}{{/a}}", "{{nowhere}}", "{{&nowhere}}", "{{o.x}}", "{{a.x}}", "{{list}}", "{{o}}", "{{half}}", "{{a.}}", "{{.a}}", "{{..}}", "{{a-b}}", "{{é}}", "{{#}}", "{{\ta}}", "{{a\n}}", "{{#f}}{{a b}}{{/f}}",
          "{{#f}}{{#x}}{{/f}}", "{{^a}}", "{{.}}", "{{#items}}{{.}}{{/items}}", "{{{a}}}", "{{o.p}}", "{{o.p.q.r}}", "{{list.0}}", "{{##a}}{{/a}}", "{{>a}}", "{{#t}}{{x}}{{/t}}", "{{#o.p}}{{p}}{{x}}{{/o.p}}", "{{eo.a}}", "{{! a }", "{{half}}"]  # fmt: skip


def check(wanted: dict) -> None:
    agree(DRIVER, [[template, DATA] for template in wanted], lambda template, data: wanted[template])


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;").replace("'", "&#39;")


def random_template(dice: random.Random, items: list, depth: int) -> tuple:
    """Give a template and what it gives for these items, the innermost last. Its rendering must not be used for other items."""
    template = rendered = ""
    for _ in range(dice.randrange(1, 5)):
        kind = dice.randrange(6 if depth else 3)
        known = {name: value for item in items if isinstance(item, dict) for name, value in item.items()}
        names = [name for name, value in known.items() if isinstance(value, str)]
        if kind == 0:
            text = dice.choice(["text ", " - ", "}", "{", "}} "])
            template, rendered = template + text + "|", rendered + text + "|"
        elif kind == 1 and names:
            name = dice.choice(names)
            template, rendered = template + "{{" + name + "}}", rendered + escaped(known[name])
        elif kind == 2 and names:
            name = dice.choice(names)
            template, rendered = template + "{{& " + name + "}}", rendered + known[name]
        elif kind >= 3:
            item = {dice.choice("abcd"): dice.choice(["1", "<b>", "'", "{{a}}"]) for _ in range(dice.randrange(1, 3))}
            inner = random_template(dice, [*items, item], depth - 1)
            name = f"s{len(items)}{dice.randrange(10**6)}"
            items[0][name] = dice.choice([item, [item] * dice.choice([0, 1, 3]), False, None])
            value = items[0][name]
            times = len(value) if isinstance(value, list) else int(bool(value))
            template += "{{#" + name + "}}" + inner[0] + "{{/" + name + "}}"
            rendered += inner[1] * times
    return template, rendered


def values() -> None:
    check(VALUES)


def sections() -> None:
    check(SECTIONS)
    dice = random.Random(77)
    wanted, cases = {}, []
    for _ in range(200):
        data = {"a": "A&", "b": "B"}
        template, rendered = random_template(dice, [data], 3)
        wanted[template] = rendered
        cases.append([template, data])
    agree(DRIVER, cases, lambda template, data: wanted[template])


def errors() -> None:
    def refused(template: str, data: dict) -> str:
        if template == "{{a}}":
            return "x"
        raise Refused("TemplateError")

    agree(DRIVER, [["{{a}}", DATA]] + [[template, DATA] for template in ERRORS], refused)


judge({"values": values, "sections": sections, "white_space": lambda: check(SPACE), "errors": errors}, partial=True)
