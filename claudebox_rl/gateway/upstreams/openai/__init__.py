"""Any server of OpenAI's chat completions behind the Messages API: what is asked and what is answered, translated."""

from claudebox_rl.gateway.upstreams.openai.upstream import OpenAIUpstream

__all__ = ["OpenAIUpstream"]
