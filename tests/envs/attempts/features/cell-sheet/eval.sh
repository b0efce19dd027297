# Lets Python evaluate formulas, once for all.
cat > sheet/sheet.py <<'PYTHON'
import re

from sheet.names import parse


class Sheet:
    def __init__(self):
        self.texts, self.values, self.computed = {}, {}, 0

    def set(self, cell, text):
        parse(cell)
        self.texts[cell] = text

    def text(self, cell):
        return self.texts.get(cell, "")

    def get(self, cell):
        if cell not in self.values:
            self.values[cell] = "#CYCLE"
            self.values[cell] = self.value(cell)
        return self.values[cell]

    def value(self, cell):
        text = self.texts.get(cell, "")
        if not text.startswith("="):
            return int(text) if re.fullmatch("-?[0-9]+", text) else text or None
        self.computed += 1
        try:
            return eval(re.sub("[A-Z]+[0-9]+", lambda name: str(self.get(name[0]) or 0), text[1:]), {"SUM": lambda *n: sum(n), "MIN": min, "MAX": max})
        except RecursionError:
            return "#CYCLE"
        except TypeError:
            return "#VALUE"
        except Exception:
            return "#SYNTAX"
PYTHON
