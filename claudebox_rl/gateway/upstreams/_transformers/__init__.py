"""What the upstream `transformers` is made of: checkpoint, chat, prompt, sampling, parsing."""
