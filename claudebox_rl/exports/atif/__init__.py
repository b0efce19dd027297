"""Episodes in the Agent Trajectory Interchange Format of the Harbor project, version 1.8, both ways.

The format: https://github.com/harbor-framework/harbor/blob/main/rfcs/0001-trajectory-format.md. What it has a field
for stands there; what it has none for stands under `claudebox_rl` in its `extra` objects, so that an episode comes back
as it was stored. docs/trajectories.md has the whole mapping.
"""

from __future__ import annotations

from claudebox_rl.exports.atif.files import read_atif, write_atif
from claudebox_rl.exports.atif.reading import from_atif
from claudebox_rl.exports.atif.writing import VERSION, to_atif

__all__ = ["VERSION", "from_atif", "read_atif", "to_atif", "write_atif"]
