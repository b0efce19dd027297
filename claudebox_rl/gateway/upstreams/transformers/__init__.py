"""A causal language model of Hugging Face in this process: token ids and log-probabilities on a laptop and in CI."""

from claudebox_rl.gateway.upstreams.transformers.upstream import TransformersUpstream

__all__ = ["TransformersUpstream"]
