# Replaces marks by regular expressions, line by line.
cat > notes/markup.py <<'PYTHON'
import html
import re


def to_html(text):
    found = []
    for line in text.split("\n"):
        line = html.escape(line.rstrip(" "), quote=False)
        line = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", line)
        line = re.sub(r"\*(.+?)\*", r"<em>\1</em>", line)
        line = re.sub(r"`(.+?)`", r"<code>\1</code>", line)
        if match := re.match("(#{1,3}) +(.*)", line):
            found.append(f"<h{len(match[1])}>{match[2]}</h{len(match[1])}>")
        elif line.startswith("- "):
            found.append(f"<ul><li>{line[2:]}</li></ul>")
        elif line:
            found.append(f"<p>{line}</p>")
    return "\n".join(found)
PYTHON
