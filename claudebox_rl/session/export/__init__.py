"""Trajectories as JSON: out of an open session, a stored one or a dataset, one step a tool call or answer."""

from __future__ import annotations

from claudebox_rl.session.export.exporter import TrajectoryExporter

__all__ = ["TrajectoryExporter"]
