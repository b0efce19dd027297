"""The numbers of a warm pool."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PoolStats:
    """What a pool holds now, and what it has done."""

    num_idle: int
    """Started, never used."""
    num_leased: int
    num_starting: int
    """On the way, those that wait for their turn to start among them."""
    num_quarantined: int
    """Found sick while idle, until now: stopped, never handed out."""
    num_hits: int
    """Leases that found a machine ready."""
    num_misses: int
    """Leases that had to wait for a start."""
