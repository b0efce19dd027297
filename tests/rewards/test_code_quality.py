"""Code quality by real analysers."""

from __future__ import annotations

import importlib.util
import pickle
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claudebox_rl.errors import ConfigError
from claudebox_rl.rewards import CodeQualityReward
from claudebox_rl.rewards._analysis.run import NoEvidenceError, run
from claudebox_rl.rewards.quality import MAX_FILES
from claudebox_rl.types import Changes, CodeResult, FileChange

GOOD = "def double(x: int) -> int:\n    return 2 * x\n"
BAD = "import os\n\n\ndef double(x, seen=[]):\n    try:\n        return eval('x')\n    except:\n        pass\n"


def wrote(*files: tuple[str, str | None, str | None]) -> CodeResult:
    return CodeResult(success=True, changes=Changes(tuple(FileChange(*file) for file in files)))


@pytest.fixture(scope="module")
def quick() -> CodeQualityReward:
    return CodeQualityReward(types=False)


def test_no_code_is_no_evidence(quick: CodeQualityReward) -> None:
    assert quick(CodeResult(success=True)) is None
    assert quick(wrote()) is None
    assert quick(wrote(("README.md", None, "# It\n"), ("data.csv", "1", "2"), ("old.py", BAD, None))) is None
    comments = "# why\n\n" + GOOD.replace("    return", "    # twice\n    return")
    assert quick(wrote(("a.py", GOOD, comments))) is None
    assert quick(wrote(("empty.py", None, ""))) is None
    assert quick(wrote(("a.js", None, "const a = 1\n"))) is None


def test_other_files_buy_nothing(quick: CodeQualityReward) -> None:
    alone = quick(wrote(("bad.py", None, BAD)))
    clean = [(f"clean{i}.py", None, GOOD) for i in range(20)]
    assert alone is not None
    assert alone < 0.6
    assert quick(wrote(("bad.py", None, BAD), *clean, ("notes.md", None, "x"))) == alone


def test_what_was_there_before_is_not_held_against_the_prompt(quick: CodeQualityReward) -> None:
    assert quick(wrote(("a.py", BAD, BAD + "\n\n" + GOOD.replace("double", "twice")))) == 1.0
    assert quick(wrote(("a.py", GOOD, GOOD + "\n\n" + BAD))) < 0.9
    # What is left behind counts, though its line is as it was.
    used = "import os\n\n\ndef f():\n    return os.getcwd()\n"
    (file,) = quick.report(wrote(("a.py", used, used.replace("os.getcwd()", "1"))))
    assert file.findings == ("F401 line 1",)


BROKEN = {
    "a.js": "function f( { return 1 }",
    "a.ts": "const x: = 1",
    "a.go": "package a\nfunc {",
    "a.rs": "fn f( {",
    "A.java": "class A {",
}


@pytest.mark.parametrize("path", BROKEN)
def test_what_does_not_parse_is_worth_nothing(quick: CodeQualityReward, path: str) -> None:
    assert quick(wrote((path, None, BROKEN[path]))) == 0.0
    assert quick(wrote((path, BROKEN[path], BROKEN[path] + "\nx"))) != 0.0  # the grammar may not know it


ORDERS = ("ruff: noqa", "flake8: noqa", "mypy: ignore-errors", "type: ignore", "#lizard forgives", "GENERATED CODE")


def test_orders_to_the_analysers_have_no_say() -> None:
    worse = "import os\n\n\ndef f(x: int) -> str:\n" + "".join(
        f"    if x == {i}:\n        return {i}\n" for i in range(9)
    )
    in_line = worse.replace("os\n", "os  # noqa\n").replace("return 1\n", "return 1  # type: ignore[return-value]\n")
    in_line = in_line.replace("    if x == 0:\n", "    # #lizard forgives\n    if x == 0:\n")
    texts = [worse, in_line, *(f"# {order}\n{worse}" for order in ORDERS)]
    plain, *ordered = CodeQualityReward().report(wrote(*[(f"{i}.py", None, text) for i, text in enumerate(texts)]))
    assert plain.parts["lint"] < 1
    assert plain.parts["types"] < 1
    assert plain.parts["complexity"] < 1
    assert [each.parts for each in ordered] == [plain.parts] * len(ordered)


def test_the_agents_own_settings_have_no_say(quick: CodeQualityReward) -> None:
    settings_files = [
        ("pyproject.toml", None, "[tool.ruff.lint]\nselect = []\n[tool.mypy]\nignore_errors = true\n"),
        ("ruff.toml", None, "lint.ignore = ['ALL']\n"),
        (".gitignore", None, "*\n"),
    ]
    assert quick(wrote(("a.py", None, BAD), *settings_files)) == quick(wrote(("a.py", None, BAD)))


@pytest.mark.parametrize(
    "path", ["../../../tmp/x.py", "/etc/cron.d/x.py", "a\nb.py", "-rf.py", "ruff.py", "sitecustomize.py", "json.py"]
)
def test_names_are_never_paths_of_the_host(quick: CodeQualityReward, path: str) -> None:
    assert quick(wrote((path, None, GOOD))) == 1.0  # `json.py` and the like would break an analyser that imports them


def test_nothing_is_run(tmp_path) -> None:
    mark = tmp_path / "ran"
    names = ("conftest.py", "usercustomize.py", "setup.py", "mypy.py", "lizard.py", "ruff.py")
    files = [(name, None, f"open({str(mark)!r}, 'w').close()\n") for name in names]
    assert CodeQualityReward()(wrote(*files)) is not None
    assert not mark.exists()


HOSTILE = {
    "brackets": "(" * 5000,
    "minuses": "x = " + "-" * 20_000 + "1\n",
    "colons": "if 1:\n" * 90 + "  x",
    "nul": "\x00",
    "bom": "\ufeffx = 1\n",
    "surrogate": "x = '\ud800'\n",
    "long": "a" * 200_000,
    "tabs": "def f():\n\treturn 1\n        \n",
    "quotes": "'" * 3,
    "backslash": "\\",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_bounded(quick: CodeQualityReward, text: str) -> None:
    began = time.monotonic()
    score = quick(wrote(("a.py", None, text), ("b.js", None, text)))
    assert score is None or 0 <= score <= 1
    assert time.monotonic() - began < 60


def test_too_much_to_read_is_no_evidence(quick: CodeQualityReward, caplog) -> None:
    assert quick(wrote(*[(f"{i}.py", None, f"x{i} = {i}\n") for i in range(MAX_FILES + 1)])) is None
    assert "not known: more than" in caplog.text


def test_an_analyser_that_hangs_or_fails_is_no_evidence(tmp_path) -> None:
    with pytest.raises(NoEvidenceError, match="took more than"):
        run(["sleep", "5"], tmp_path, timeout_s=0.1, ok=frozenset({0}))
    with pytest.raises(NoEvidenceError, match="exit code 1"):
        run(["false"], tmp_path, timeout_s=5, ok=frozenset({0}))


def test_a_missing_analyser_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "claudebox_rl.rewards._analysis.run.find_spec", lambda name: None if name in ("ruff", "mypy") else find(name)
    )
    with pytest.raises(ConfigError, match=r"ruff, mypy, not installed here: pip install 'claudebox_rl\[quality\]'"):
        CodeQualityReward()


def test_it_travels(quick: CodeQualityReward) -> None:
    assert pickle.loads(pickle.dumps(quick))(wrote(("a.py", None, GOOD))) == 1.0


_TEXT = st.text(alphabet="abx01 \n\t()[]{}:='\"#\\+\u00e9\u2028\r\f", max_size=60)
_FILES = st.lists(
    st.tuples(st.sampled_from(["a.py", "b.js", "c.go", "d.md", "e.pyi"]), st.none() | _TEXT, st.none() | _TEXT),
    max_size=4,
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(files=_FILES)
def test_any_change_gives_a_number_in_range_or_none_and_the_same_again(quick: CodeQualityReward, files) -> None:
    score = quick(wrote(*files))
    assert score is None or 0.0 <= score <= 1.0
    assert quick(wrote(*files)) == score
