"""Makes templates together with what they come to, so that nothing has to be parsed here. Shared by the judges of all steps."""

import random

VALUES = {
    "name": "Ada", "html": "<b>&\"'", "n": 7, "zero": 0, "empty": "", "none": [], "list": ["x", "<y>", 3], "deep": {"er": {"est": "bottom"}, "flag": True}, "people": [{"name": "Bo", "tags": ["p"]}, {"name": "Cy", "tags": []}],
    "no": False, "braces": "{{ name }}",
}
TEXTS = ["", "Hello ", "\n", "a\nb\n", "{", "}", "% }", "} }", "<p>&amp;</p>", "é✓", "{ { name } }", "  ", "'"]


def escape(value) -> str:
    return "".join({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}.get(c, c) for c in str(value))


class Bad(Exception):
    """What the rest of the template comes to: an error, at this place of it."""


class Maker:
    """Each method returns a template and its text; `Bad` is raised by none: an error ends the template instead."""

    def __init__(self, level: int, dice: random.Random) -> None:
        self.level, self.dice, self.templates = level, dice, {}

    def gap(self) -> str:
        return self.dice.choice(["", " ", " ", "\n", "  "])

    def tag(self, inside: str) -> str:
        return "{%" + self.gap() + inside + self.gap() + "%}"

    def show(self, scope: dict) -> tuple:
        paths = [p for p in ("name", "html", "n", "zero", "empty", "deep.er.est", "deep.flag", "list", "braces", "item", "item.name", "no") if found(scope, p) is not None]
        path = self.dice.choice(paths)
        value, filters = found(scope, path), ""
        raw = False
        if self.level >= 3:
            for _ in range(self.dice.choice([0, 0, 1, 1, 2])):
                kind = self.dice.choice(["upper", "lower", "default", "raw"] + (["join"] if isinstance(value, list) else []))
                inside = {"default": 'default "none, really"', "join": 'join ", <"'}.get(kind, kind)
                filters += f"{self.gap()}|{self.gap()}{inside}"
                raw = raw or kind == "raw"
                if kind in ("upper", "lower"):
                    value = str(value).upper() if kind == "upper" else str(value).lower()
                if kind == "join":
                    value = ", <".join(map(str, value))
            if self.dice.random() < 0.15:
                path, filters, value, raw = self.dice.choice(["nobody", "deep.nothing", "name.first"]), ' | default "n/a <" | upper', "N/A <", False
        return "{{" + self.gap() + path + filters + self.gap() + "}}", str(value) if raw else escape(value)

    def block(self, scope: dict, depth: int) -> tuple:
        parts, texts = [], []
        for _ in range(self.dice.randrange(1, 5)):
            kind = self.dice.choice(["text", "text", "show", "show"] + (["if", "for"] if self.level >= 2 and depth else []) + (["include"] if self.level >= 4 and depth else []))
            part, text = getattr(self, f"make_{kind}")(scope, depth)
            parts.append(part)
            texts.append(text)
        return "".join(parts), "".join(texts)

    def make_text(self, scope: dict, depth: int) -> tuple:
        text = self.dice.choice(TEXTS)
        # A brace at the end of a text would begin a tag with what follows.
        text = text + " " if text.endswith(("{", "%")) else text
        return text, text

    def make_show(self, scope: dict, depth: int) -> tuple:
        return self.show(scope)

    def make_if(self, scope: dict, depth: int) -> tuple:
        path = self.dice.choice(["name", "n", "zero", "empty", "none", "list", "deep.flag", "no", "deep"])
        (yes, yes_text), (no, no_text) = self.block(scope, depth - 1), self.block(scope, depth - 1)
        truth, other = bool(found(scope, path)), self.dice.random() < 0.5
        template = self.tag(f"if {path}") + yes + (self.tag("else") + no if other else "") + self.tag("endif")
        return template, yes_text if truth else no_text if other else ""

    def make_for(self, scope: dict, depth: int) -> tuple:
        path = self.dice.choice(["list", "none", "people"])
        items, state, done, template = found(scope, path), self.dice.getstate(), [], ""
        kept = dict(self.templates)
        if not items:
            template, _ = self.block(scope, depth - 1)
        # The same draws for each item make the same template, as long as they do not hang on the item.
        if path == "list":
            pieces = [self.dice.choice(TEXTS[1:4]), self.dice.choice(TEXTS[6:8])]
            for item in items:
                done.append(pieces[0] + escape(item) + pieces[1])
            template = pieces[0] + "{{ item }}" + pieces[1]
        if path == "people":
            for item in items:
                done.append(f"{item['name']}:" + "".join(f"[{tag}]" for tag in item["tags"]) + ("+" if item["tags"] else "-"))
            template = "{{ item.name }}:" + (self.tag("for t in item.tags") + "[{{t}}]" + self.tag("endfor") + self.tag("if item.tags") + "+" + self.tag("else") + "-" + self.tag("endif"))
        return self.tag(f"for item in {path}") + template + self.tag("endfor"), "".join(done)

    def make_include(self, scope: dict, depth: int) -> tuple:
        template, text = self.block(scope, depth - 1)
        name = f"part-{len(self.templates)}.txt"
        self.templates[name] = template
        return self.tag(f"include {name}"), text


def found(scope: dict, path: str):
    for name in path.split("."):
        if not isinstance(scope, dict) or name not in scope:
            return None
        scope = scope[name]
    return scope


ERRORS = [
    [("{{ nobody }}", "line 1: unknown nobody"), ("a\nb {{ deep.nothing }}", "line 2: unknown deep.nothing"), ("{{ name.first }}", "line 1: unknown name.first"), ("\n\n{{ }}", "line 3: no name: "),
     ("{{ Name }}", "line 1: no name: Name"), ("{{ a b }}", "line 1: no name: a b"), ("{{ name. }}", "line 1: no name: name."), ("{{ list.0 }}", "line 1: no name: list.0"), ("x {% what %}", "line 1: unknown tag")],
    [("{% if name %}", "line 1: never closed"), ("\n{% for x in list %}{% if name %}{% endif %}", "line 2: never closed"), ("{% endif %}", "line 1: unknown tag"), ("\n{% else %}", "line 2: unknown tag"),
     ("{% for x in name %}{% endfor %}", "line 1: no list: name"), ("{% if nobody %}{% endif %}", "line 1: unknown nobody"), ("{% if %}{% endif %}", "line 1: unknown tag"), ("{% for x list %}{% endfor %}", "line 1: unknown tag"),
     ("{% if name %}{% endfor %}", "line 1: unknown tag"), ("{% if name %}{% else %}{% else %}{% endif %}", "line 1: unknown tag"), ("{% for x in list %}\n{{ y }}{% endfor %}", "line 2: unknown y"), ("{% for x.y in list %}{% endfor %}", "line 1: unknown tag"),
     ("{{ nobody }}{% if name %}", "line 1: never closed"), ("{% for x in nobody %}{% endfor %}", "line 1: unknown nobody"), ("{% %}", "line 1: unknown tag"), ("{% if n\n%}\n{% if n %}{% endif %}", "line 1: never closed")],
    [("{{ name | what }}", "line 1: unknown filter: what"), ('{{ name | join "," }}', "line 1: no list: name"), ("\n{{ name | default }}", "line 2: unknown filter: default"), ("{{ nobody | upper }}", "line 1: unknown nobody"),
     ("{{ name | }}", "line 1: unknown filter: "), ('{{ A | default "x" }}', "line 1: no name: A"), ("{{ name | upper | default x }}", "line 1: unknown filter: default x")],
    [("{% include none %}", "line 1: no template: none"), ("\n{% include me %}", "line 2: me: line 1: includes itself: me"), ("{% include a %}", "line 1: a: line 2: b: line 1: unknown nobody"), ("{% include %}", "line 1: unknown tag"),
     ("{% include open %}", "line 1: open: line 1: never closed"), ("{% include ring %}", "line 1: ring: line 1: gnir: line 1: includes itself: ring")],
]
