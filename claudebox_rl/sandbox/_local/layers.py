"""Copies of a sandbox's writable folders, each shared by the sandboxes that were forked from it.

A layer is in the journal of machines like a sandbox: what a killed process leaves is removed with its machines.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path

from claudebox_rl.sandbox import journal
from claudebox_rl.sandbox._tree import remove_tree

BACKEND = "layer"
"""What stands for a backend in a layer's record."""
_LINKED = "linked"


class Layer:
    """The files of one moment. On disk from `make` until its last holder releases it."""

    def __init__(self, layer_id: str) -> None:
        self._layer_id = layer_id
        self.place = journal.machines_dir().absolute() / layer_id
        self._num_holders = 1

    @classmethod
    def make(cls) -> Layer:
        """Make an empty layer, held once."""
        layer = cls(f"layer-{uuid.uuid4().hex[:12]}")
        journal.record(layer._layer_id, BACKEND, layer.place)
        layer.place.mkdir(mode=0o700)
        return layer

    def folder(self, name: str) -> Path:
        """Return where one of the folders is."""
        return self.place / name

    def linked(self, name: str) -> Path:
        """Return where a folder's files with more than one name are, with the folders that lead to them.

        Each sandbox gets a copy of these: in a shared lower folder, the names of one file part at the first write.
        """
        return self.place / _LINKED / name

    def holds(self, name: str) -> bool:
        """Say whether there is anything in one of the folders."""
        try:
            return any(self.folder(name).iterdir())
        except PermissionError:
            return True

    def hold(self) -> None:
        """Take note of one more holder."""
        self._num_holders += 1

    def release(self) -> None:
        """Let go of it; the last one removes it from disk. Blocks."""
        self._num_holders -= 1
        if not self._num_holders:
            remove_tree(self.place)
            journal.forget(self._layer_id)


@dataclass(frozen=True, slots=True)
class Heritage:
    """What a fork's folders hold when it starts."""

    layers: tuple[Layer, ...]
    """The lowest first. Several only where they are seen through overlays."""
    names: dict[str, str]
    """Folders: where inside, and their name in the layers."""
    is_overlay: bool
    """The layers are seen through overlays; else the one is copied."""

    def hold(self) -> None:
        """Hold every layer."""
        for layer in self.layers:
            layer.hold()

    def release(self) -> None:
        """Let go of every layer. Blocks."""
        for layer in self.layers:
            layer.release()
