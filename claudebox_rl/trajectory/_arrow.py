"""The one door to pyarrow: it ships no types, and takes 0.6 s to import, so only what commits or reads imports this."""

from __future__ import annotations

from importlib import import_module
from typing import Any, TypeAlias

Table: TypeAlias = Any
"""A `pyarrow.Table`."""

pa: Any = import_module("pyarrow")
pc: Any = import_module("pyarrow.compute")
pq: Any = import_module("pyarrow.parquet")
"""Never `pyarrow.dataset`, nor what imports it (`pq.read_table`): it takes another 1.7 s."""
