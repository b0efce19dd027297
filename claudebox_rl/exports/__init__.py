"""Stored episodes in the forms that trainers and other tools read."""

from __future__ import annotations

FORMATS = {
    "trl-sft": "claudebox_rl.exports.trl:export_sft",
    "trl-preference": "claudebox_rl.exports.trl:export_preference",
    "trl-unpaired": "claudebox_rl.exports.trl:export_unpaired",
    "verl-prompts": "claudebox_rl.exports.verl:export_prompts",
    "verl-tokens": "claudebox_rl.exports.verl:export_tokens",
    "minari": "claudebox_rl.exports.minari:export_minari",
    "rllib": "claudebox_rl.exports.rllib:export_rllib",
}
"""What makes a folder of a dataset: `function(dataset, path, **options)`, which gives an `Exported`."""

__all__ = ["FORMATS"]
