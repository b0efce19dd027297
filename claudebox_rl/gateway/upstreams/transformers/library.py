"""The libraries of the extra `transformers`; whoever imports this module loads them.

They carry no types that a strict checker could follow, and the package is checked without them.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

torch: Any = import_module("torch")
transformers: Any = import_module("transformers")
