"""Renders made-up templates whose texts are known, and wrong ones."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import call, expect, judge
from made import ERRORS, VALUES, Maker

LEVEL = 4
TEMPLATES = {"me": "{% include me %}", "a": "\n{% include b %}", "b": "{{ nobody }}", "open": "{% if n %}", "ring": "{% include gnir %}", "gnir": "{% include ring %}"}


def asked(template: str, templates: dict) -> list:
    return [template, VALUES, templates] if LEVEL >= 4 else [template, VALUES]


def renders() -> None:
    cases, texts = [], []
    for seed in range(250):
        maker = Maker(1 + seed % LEVEL, random.Random(seed))
        template, text = maker.block(VALUES, 3)
        cases.append(asked(template, maker.templates))
        texts.append(text)
    for case, text, answer in zip(cases, texts, call("templates", "render", cases)):
        expect(answer.get("value") == text, f"render({case[0]!r}, ...): wanted {text!r}, got {answer.get('value', answer)!r}"[:1500])


def tells() -> None:
    errors = [error for level in ERRORS[:LEVEL] for error in level]
    for (template, message), answer in zip(errors, call("templates", "render", [asked(template, TEMPLATES) for template, _ in errors])):
        told = "TemplateError" in answer.get("error", []) and "ValueError" in answer["error"] and answer["message"] == message
        expect(told, f"render({template!r}, ...): wanted a TemplateError {message!r}, got {answer}"[:1500])


judge({"renders": renders, "tells": tells})
