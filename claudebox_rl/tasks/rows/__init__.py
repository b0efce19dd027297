"""Tasks made of rows as SWE-bench has them: a snapshot of a repository, a problem, a patch and tests."""

from __future__ import annotations

from claudebox_rl.tasks.rows.make import import_rows
from claudebox_rl.tasks.rows.row import Row, read_rows

__all__ = ["Row", "import_rows", "read_rows"]
