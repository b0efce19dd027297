# Turns patterns into regular expressions and takes the first route that fits.
cat > web/router.py <<'PYTHON'
import re

from web.errors import MethodNotAllowed, NotFound


class Router:
    def __init__(self):
        self.routes = []

    def add(self, name, pattern, methods=("GET",)):
        kinds = {"": "[^/]+", ":int": "-?[0-9]+", ":path": ".+"}
        regex = re.sub(r"\{(\w+)(:\w+)?\}", lambda m: f"(?P<{m[1]}>{kinds[m[2] or '']})", pattern)
        self.routes.append((name, pattern, re.compile(regex), methods))

    def match(self, method, path):
        for name, _, regex, methods in self.routes:
            found = regex.fullmatch(path)
            if found:
                if method not in methods:
                    raise MethodNotAllowed(sorted(methods))
                return {"name": name, "params": found.groupdict(), "extra": None}
        raise NotFound(path)

    def build(self, name, **params):
        pattern = next(route[1] for route in self.routes if route[0] == name)
        return re.sub(r"\{(\w+)(:\w+)?\}", lambda m: str(params[m[1]]), pattern)
PYTHON
