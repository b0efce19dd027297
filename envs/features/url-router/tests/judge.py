"""Compares with a reference that asks all routes about all parts, and builds paths byte by byte."""

import random
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import Refused, agree, judge

MATCH = '''
from web.errors import MethodNotAllowed
from web.router import Router


def case(routes, method, path):
    router = Router()
    for route in routes:
        router.add(*route)
    try:
        return router.match(method, path)
    except MethodNotAllowed as error:
        return {"allowed": error.allowed}
'''
BUILD = '''
from web.router import Router


def case(pattern, params, name):
    router = Router()
    router.add("r", pattern)
    path = router.build(name, **params)
    return [path, router.match("GET", path)]
'''
ROUTES = [["root", "/"], ["a", "/a"], ["as", "/a/"], ["one", "/a/{x}"], ["int", "/a/{n:int}"], ["text", "/a/12"], ["rest", "/a/{p:path}"], ["deep", "/a/{x}/b"], ["deepint", "/{y}/{n:int}/b"], ["tail", "/a/{x}/b/{p:path}"], ["é", "/é/ü x"],
          ["pct", "/100%"], ["only", "/only/"], ["slashless", "/sl/{x}"], ["end", "/end/{x}/"], ["post", "/a/{x}/c", ["POST"]], ["get", "/{z}/q/c", ["GET"]], ["files", "/files/{p:path}"], ["files2", "/files/{q:path}", ["PUT"]]]  # fmt: skip
PATHS = ["/", "", "a", "/a", "/a/", "/a/12", "/a/13", "/a/-0", "/a/007", "/a/12a", "/a/x", "/a/x/b", "/a/5/b", "/z/5/b", "/z/x/b", "/a/x/b/", "/a/x/b/c", "/a/x/b/c//d/", "/a/x/y", "/a//b", "/a/%2F", "/a/%2f/b", "/a/%31%32", "/%61", "/a/%", "/a/%zz", "/a/%e9", "/%C3%A9/%c3%bc%20x", "/é/ü x",
         "/100%25", "/100%", "/only", "/only/", "/sl/x/", "/sl/x", "/sl/", "/end/x", "/end/x/", "/end/x//", "/a/q/c", "/b/q/c", "//", "/files/", "/files", "/files/x", "/files//x", "/files/x/", "/a/٣", "/a/+5", "/a/x/c", "/a/x+y", "/a/1/c", "/only%2F", "/%6Fnly", "/nothing/at/all", "/a/--5", "/a/x/c/"]  # fmt: skip
BAD = ["", "a", "a/b", "//", "/a//b", "/{", "/}", "/{}", "/{a", "/a{b}", "/{a}b", "/{1a}", "/{a-b}", "/{a:str}", "/{a:}", "/{a}/{a}", "/{a:path}/b", "/{a:path}/", "/{é}", "/{a:int:int}", "/{{a}}", "//a", "/a//"]


def parts_of(pattern: str) -> list:
    return pattern[1:].split("/")


def decoded(path: str) -> list:
    found = []
    for part in path[1:].split("/"):
        data, at = b"", 0
        while at < len(part):
            if part[at] == "%":
                digits = part[at + 1 : at + 3]
                if len(digits) < 2 or not set(digits) <= set("0123456789abcdefABCDEF"):
                    raise Refused("BadPath")
                data, at = data + bytes([int(digits, 16)]), at + 3
            else:
                data, at = data + part[at].encode(), at + 1
        try:
            found.append(data.decode())
        except UnicodeDecodeError:
            raise Refused("BadPath") from None
    return found


def kind(part: str) -> int:
    return 0 if part[:1] != "{" else 1 if part.endswith(":int}") else 3 if part.endswith(":path}") else 2


def params(pattern: str, parts: list) -> object:
    wanted, found = parts_of(pattern), {}
    if kind(wanted[-1]) == 3 and len(parts) >= len(wanted):
        rest = parts[len(wanted) - 1 :]
        parts = [*parts[: len(wanted) - 1], "/".join(rest) if rest[0] else ""]
    if len(parts) != len(wanted):
        return None
    for want, part in zip(wanted, parts):
        if kind(want) == 0:
            if want != part:
                return None
            continue
        if part == "" or (kind(want) == 1 and not re.fullmatch("-?[0-9]+", part)):
            return None
        found[want[1:-1].split(":")[0]] = int(part) if kind(want) == 1 else part
    return found


def fitting(routes: list, path: str) -> list:
    if path[:1] != "/":
        return []
    parts = decoded(path)
    found = [[[kind(part) for part in parts_of(route[1])], number, route[0], params(route[1], parts), (route[2:] or [["GET"]])[0]] for number, route in enumerate(routes)]
    return sorted(each for each in found if each[3] is not None)


def reference(routes: list, method: str, path: str) -> object:
    def methods(fits: list) -> set:
        every = {each for fit in fits for each in fit[4]}
        return every | {"HEAD"} if "GET" in every else every

    if any(route[1] in BAD or route[2:] == [[]] for route in routes) or len({route[0] for route in routes}) < len(routes):
        raise Refused("ValueError")
    fits, extra = fitting(routes, path), None
    if not fits and path != "/":
        extra = path[:-1] if path[-1:] == "/" else path + "/"
        fits = fitting(routes, extra)
        fits = fits if method in methods(fits) else []
    if not fits:
        raise Refused("NotFound")
    for wanted in [method] + (["GET"] if method == "HEAD" else []):
        for fit in fits:
            if wanted in fit[4]:
                return {"name": fit[2], "params": fit[3], "extra": extra}
    return {"allowed": sorted(methods(fits))}


def build(pattern: str, given: dict, name: str) -> list:
    names = {part[1:-1].split(":")[0] for part in parts_of(pattern) if kind(part)}
    if name != "r":
        raise Refused("KeyError")
    if set(given) - names:
        raise Refused("ValueError")
    if names - set(given):
        raise Refused("KeyError")
    texts, values = [], {}
    for part in parts_of(pattern):
        value = str(given[part[1:-1].split(":")[0]]) if kind(part) else part
        good = value != "" and not (kind(part) == 3 and value[0] == "/")
        if kind(part) == 1:
            good = bool(re.fullmatch("0|-?[1-9][0-9]*", value))
        if kind(part) and not good:
            raise Refused("ValueError")
        if kind(part):
            values[part[1:-1].split(":")[0]] = int(value) if kind(part) == 1 else value
        plain = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~" + (b"/" if kind(part) == 3 else b"")
        texts.append("".join(chr(byte) if byte in plain else f"%{byte:02X}" for byte in value.encode()))
    return ["/" + "/".join(texts), {"name": "r", "params": values, "extra": None}]


def random_cases(methods: list, seed: int) -> list:
    dice = random.Random(seed)
    cases = []
    for _ in range(500):
        routes = []
        for number in range(dice.randrange(1, 7)):
            parts = [dice.choice(["a", "b", "5", f"{{x{place}}}", f"{{x{place}:int}}"]) for place in range(dice.randrange(1, 4))]
            tail = dice.choice(["", "", "/", "/{p:path}"])
            routes.append([f"r{number}", "/" + "/".join(parts) + tail, dice.sample(methods, dice.randrange(1, min(3, len(methods)) + 1))])
        path = "/" + "/".join(dice.choice(["a", "b", "5", "7", "c"]) for _ in range(dice.randrange(1, 5))) + dice.choice(["", "", "/"])
        cases.append([routes, dice.choice(methods), path])
    return cases


def matches() -> None:
    cases = [[routes, "GET", path] for path in PATHS for routes in (ROUTES, ROUTES[::-1])]
    cases += [[[["ok", "/"], ["r", pattern]], "GET", "/"] for pattern in BAD] + [[[["r", "/"], ["r", "/a"]], "GET", "/"], [[["r", "/", []]], "GET", "/"]]
    agree(MATCH, cases + random_cases(["GET"], 1), reference)


def methods() -> None:
    cases = [[ROUTES, method, path] for method in ("POST", "PUT", "HEAD", "get") for path in PATHS]
    cases += [[[["g", "/a"], ["h", "/{x}", ["HEAD"]]], "HEAD", "/a"], [[["p", "/a", ["POST"]], ["g", "/{x}", ["GET"]]], "PUT", "/a"], [[["p", "/a/", ["POST"]]], "GET", "/a"], [[["p", "/a/", ["GET"]]], "HEAD", "/a"]]
    agree(MATCH, cases + random_cases(["GET", "POST", "HEAD", "PUT"], 2), reference)


def builds() -> None:
    cases = [["/", {}, "r"], ["/", {}, "q"], ["/a/", {}, "r"], ["/é/ü x%", {}, "r"], ["/{a}", {}, "r"], ["/{a}", {"a": "x", "b": "y"}, "r"]]
    for value in ["x", "", "/", "a/b", "a b+c", "é", "%", "~-._", "5", 5, -5, 0, "05", "-0", "-7", "+5", "5 ", "٣", "a//b/", "/a", "..", "?#&", "{x}", "\n", "🙂", "5\n"]:
        cases += [[pattern, {"a": value}, "r"] for pattern in ("/{a}", "/x/{a:int}/y", "/{a:path}", "/x/{a}/")]
    agree(BUILD, cases, build)


judge({"match": matches, "methods": methods, "build": builds}, partial=True)
