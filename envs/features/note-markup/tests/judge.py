"""Judges notes by what stands beside them here, and by trees that are written as notes and as HTML."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import agree, judge

DRIVER = "from notes.markup import to_html as case"
BLOCKS = {
    "": "", " \n\n": "", "a": "<p>a</p>", "a \n  b\nc": "<p>a\nb\nc</p>", "a\n\nb": "<p>a</p>\n<p>b</p>", "# a": "<h1>a</h1>", "### a ##": "<h3>a</h3>", "#### a": "<p>#### a</p>", "#a": "<p>#a</p>", "# ": "<p>#</p>", "# #": "<p># #</p>", "##  a # b#": "<h2>a # b#</h2>", "# a\\#": "<h1>a#</h1>", " # a": "<p># a</p>",
    "a\n# b\nc": "<p>a</p>\n<h1>b</h1>\n<p>c</p>", "---": "<hr>", "--": "<p>--</p>", "-----  ": "<hr>", "- - -": "<ul><li>- -</li></ul>", "a\n---\nb": "<p>a</p>\n<hr>\n<p>b</p>", "- a\n- b": "<ul><li>a</li><li>b</li></ul>", "-a": "<p>-a</p>", "-\n- ": "<ul><li></li><li></li></ul>", "-   a": "<ul><li>a</li></ul>",
    "- a\n  b\n   - c\nd": "<ul><li>a b - c</li></ul>\n<p>d</p>", "- a\n b": "<ul><li>a</li></ul>\n<p>b</p>", "- a\n\n- b": "<ul><li>a</li></ul>\n<ul><li>b</li></ul>", "- a\n\n  b": "<ul><li>a</li></ul>\n<p>b</p>", "-\n  x": "<ul><li>x</li></ul>", "1. a\n2. b": "<ol><li>a</li><li>b</li></ol>", "7. a\n1. b": "<ol start=\"7\"><li>a</li><li>b</li></ol>",
    "007. a": "<ol start=\"7\"><li>a</li></ol>", "0. a": "<ol start=\"0\"><li>a</li></ol>", "1.": "<ol><li></li></ol>", "1.a": "<p>1.a</p>", "1234567890. a": "<p>1234567890. a</p>", "123456789. a": "<ol start=\"123456789\"><li>a</li></ol>", "٣. a": "<p>٣. a</p>", "- a\n1. b\n- c": "<ul><li>a</li></ul>\n<ol><li>b</li></ol>\n<ul><li>c</li></ul>",
    "> a\n>b\n> \n>  c": "<blockquote><p>a\nb</p>\n<p>c</p></blockquote>", ">": "<blockquote></blockquote>", "> > a\n> b": "<blockquote><blockquote><p>a</p></blockquote>\n<p>b</p></blockquote>", "> - a\n>   b": "<blockquote><ul><li>a b</li></ul></blockquote>", "> a\nb": "<blockquote><p>a</p></blockquote>\n<p>b</p>", " > a": "<p>&gt; a</p>",
    "```\na  \n *b* <\n\n```\nc": "<pre>a  \n *b* &lt;\n\n</pre>\n<p>c</p>", "```\na": "<pre>a\n</pre>", "```": "<pre></pre>", "```\n```": "<pre></pre>", "```x\na": "<p>```x\na</p>", "````": "<p>````</p>", "a\n```  \nb\n```  ": "<p>a</p>\n<pre>b\n</pre>", "> ```\n> a\nb": "<blockquote><pre>a\n</pre></blockquote>\n<p>b</p>", "```\n ```\n```": "<pre> ```\n</pre>",
    "- a\n---\n- b": "<ul><li>a</li></ul>\n<hr>\n<ul><li>b</li></ul>", "- a\n  ---": "<ul><li>a ---</li></ul>", "- a\n> b": "<ul><li>a</li></ul>\n<blockquote><p>b</p></blockquote>", "\ta": "<p>\ta</p>", "- a\n  ```": "<ul><li>a ```</li></ul>", "# a\n\n\n## b": "<h1>a</h1>\n<h2>b</h2>", "# *a*": "<h1><em>a</em></h1>",
    "- *a\n  b*": "<ul><li><em>a b</em></li></ul>", "```\na\n\n\n": "<pre>a\n\n\n\n</pre>", "a\n  - b": "<p>a\n- b</p>", "a\u2028b": "<p>a\u2028b</p>", "- a  \n-  b ": "<ul><li>a</li><li>b</li></ul>", "> ": "<blockquote></blockquote>", ">> a": "<blockquote><blockquote><p>a</p></blockquote></blockquote>",
}
INLINE = {
    "*a*": "<em>a</em>", "**a**": "<strong>a</strong>", "*a": "*a", "a*b*c": "a<em>b</em>c", "* a*": "* a*", "*a *": "*a *", "*a *b*": "<em>a *b</em>", "**": "**", "****": "****", "***a***": "<strong>*a</strong>*", "*a\nb*": "<em>a\nb</em>", "*a **b** c*": "<em>a <strong>b</strong> c</em>", "**a *b* c**": "<strong>a <em>b</em> c</strong>",
    "*a **b*": "<em>a **b</em>", "**a *b**": "<strong>a *b</strong>", "*a **b* c**": "<em>a **b</em> c**", "`*a*`": "<code>*a*</code>", "*`*`*": "<em><code>*</code></em>", "``": "``", "`a": "`a", "`a``b`": "<code>a</code><code>b</code>", "`\\`": "<code>\\</code>", "\\`a`": "`a`", "\\*a*": "*a*", "*a\\*": "*a*", "*a\\**": "<em>a*</em>", "\\a\\\\": "\\a\\", "\\": "\\",
    "\\_\\[\\]\\(\\)\\#\\-\\>": "_[]()#-&gt;", "[a](/b)": "<a href=\"/b\">a</a>", "[*a*](http://x.y/?a=1&b=\"2\")": "<a href=\"http://x.y/?a=1&amp;b=&quot;2&quot;\"><em>a</em></a>", "[a](javascript:x)": "[a](javascript:x)", "[a](b)": "[a](b)", "[](/b)": "[](/b)", "[a]()": "[a]()", "[a](/b c)": "[a](/b c)", "[a](/b(c))": "[a](/b(c))", "[a](//x)": "<a href=\"//x\">a</a>",
    "[a[b](/c)": "[a<a href=\"/c\">b</a>", "[a]b](/c)": "[a]b](/c)", "[a\\]b](/c)": "[a]b](/c)", "[a] (/b)": "[a] (/b)", "*[a*](/b)*": "<em><a href=\"/b\">a*</a></em>", "[a](/*b*)": "<a href=\"/*b*\">a</a>", "<b>&\"'": "&lt;b&gt;&amp;&quot;'", "`<&`": "<code>&lt;&amp;</code>", "[a](https://x)[b](/y)": "<a href=\"https://x\">a</a><a href=\"/y\">b</a>",
    "_a_": "_a_", "*a**b*": "<em>a**b</em>", "**a**b**": "<strong>a</strong>b**", "*a*b*": "<em>a</em>b*", "a * b * c": "a * b * c", "*a*\\*b*": "<em>a</em>*b*", "[a](/b\nc)": "[a](/b\nc)", "[a\nb](/c)": "<a href=\"/c\">a\nb</a>", "x*\ny*": "x*\ny*", "*x`*`y*": "<em>x<code>*</code>y</em>", "[`]`](/a)": "[<code>]</code>](/a)", "[a](http:/x)": "[a](http:/x)", "*a* *b*": "<em>a</em> <em>b</em>",
    "** a**": "** a**", "**a **": "**a **", "&amp;": "&amp;amp;", "`a\nb`": "<code>a\nb</code>", "[a](/)": "<a href=\"/\">a</a>", "\\[a](/b)": "[a](/b)", "[a\\*](/b)": "<a href=\"/b\">a*</a>",
}


def words(dice: random.Random) -> tuple:
    plain = "".join(dice.choice(["a", "b c", "x", "<", "&", "é", '"']) for _ in range(dice.randrange(1, 4))) + "z"
    return plain, plain.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def span(dice: random.Random, inside: tuple = ()) -> tuple:
    """Give a text and its HTML, beginning and ending with letters or marks that stand apart."""
    parts = []
    for _ in range(dice.randrange(1, 4)):
        kind = dice.choice(["words", "words", "em", "strong", "code", "link", "escape"])
        text, html = words(dice)
        if kind in ("em", "strong") and kind not in inside:
            inner = span(dice, (*inside, kind))
            mark = "*" if kind == "em" else "**"
            text, html = f"{mark}w {inner[0]} w{mark}", f"<{kind}>w {inner[1]} w</{kind}>"
        elif kind == "code":
            text, html = f"`{text}*`", f"<code>{html}*</code>"
        elif kind == "link" and "link" not in inside:
            inner = span(dice, (*inside, "link"))
            text, html = f"[{inner[0]}](/p?{len(inner[0])}&x)", f'<a href="/p?{len(inner[0])}&amp;x">{inner[1]}</a>'
        elif kind == "escape":
            text, html = text + "\\*\\`", html + "*`"
        parts.append((text, html))
    return " ".join(text for text, _ in parts), " ".join(html for _, html in parts)


def note(dice: random.Random, depth: int) -> tuple:
    blocks = []
    for _ in range(dice.randrange(1, 5)):
        kind = dice.choice(["p", "h", "ul", "ol", "quote", "pre", "hr"] if depth else ["p", "h", "ul", "pre"])
        spans = [span(dice) for _ in range(dice.randrange(1, 4))]
        if kind == "p":
            blocks.append(("\n".join("w" + text for text, _ in spans), "<p>" + "\n".join("w" + html for _, html in spans) + "</p>"))
        elif kind == "h":
            level = dice.randrange(1, 4)
            blocks.append(("#" * level + " w" + spans[0][0] + dice.choice(["", " #", "  "]), f"<h{level}>w{spans[0][1]}</h{level}>"))
        elif kind in ("ul", "ol"):
            first = dice.choice([1, 1, 4])
            lines = [(f"{first + number}. " if kind == "ol" else "- ") + text for number, (text, _) in enumerate(spans)]
            attribute = f' start="{first}"' if kind == "ol" and first != 1 else ""
            blocks.append(("\n".join(lines), f"<{kind}{attribute}>" + "".join(f"<li>{html}</li>" for _, html in spans) + f"</{kind}>"))
        elif kind == "quote":
            inner = note(dice, depth - 1)
            blocks.append(("\n".join(dice.choice(["> ", "> "]) + line for line in inner[0].split("\n")), f"<blockquote>{inner[1]}</blockquote>"))
        elif kind == "pre":
            blocks.append((f"```\n{spans[0][0]}\n# x  \n\n```", "<pre>" + spans[0][0].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;") + "\n# x  \n\n</pre>"))
        else:
            blocks.append(("---", "<hr>"))
    return "\n\n".join(text for text, _ in blocks), "\n".join(html for _, html in blocks)


def check(wanted: dict) -> None:
    agree(DRIVER, [[text] for text in wanted], lambda text: wanted[text])


def notes() -> None:
    dice = random.Random(88)
    check(dict(note(dice, 2) for _ in range(250)))


judge({"blocks": lambda: check(BLOCKS), "inline": lambda: check({f"x{text}x": f"<p>x{html}x</p>" for text, html in INLINE.items()}), "notes": notes}, partial=True)
