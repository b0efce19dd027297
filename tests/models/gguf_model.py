"""A tiny model in the form that llama.cpp reads.

Fields: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import json
from pathlib import Path

import gguf
from safetensors.torch import load_file
from tiny_model import TEMPLATE
from transformers import Qwen2Config


def write_gguf(folder: Path, file: Path) -> Path:
    """Write a model of `make_tiny_model` as one file; its window is not kept: llama.cpp looks back at everything."""
    writer = gguf.GGUFWriter(file, "qwen2")
    config = Qwen2Config.from_pretrained(folder)
    _add_sizes(writer, config)
    _add_tokenizer(writer, json.loads((folder / "tokenizer.json").read_text("utf-8")))
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.QWEN2, config.num_hidden_layers)
    for name, tensor in load_file(folder / "model.safetensors").items():
        writer.add_tensor(names.get_name(name, try_suffixes=(".weight", ".bias")), tensor.float().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def _add_sizes(writer: gguf.GGUFWriter, config: Qwen2Config) -> None:
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)


def _add_tokenizer(writer: gguf.GGUFWriter, tokenizer: dict) -> None:
    added = {each["content"]: each for each in tokenizer["added_tokens"]}
    ids = {**tokenizer["model"]["vocab"], **{name: each["id"] for name, each in added.items()}}
    kinds = {
        name: gguf.TokenType.CONTROL if each["special"] else gguf.TokenType.USER_DEFINED for name, each in added.items()
    }
    tokens = sorted(ids, key=ids.__getitem__)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([kinds.get(name, gguf.TokenType.NORMAL) for name in tokens])
    writer.add_token_merges([" ".join(pair) for pair in tokenizer["model"]["merges"]])
    writer.add_eos_token_id(ids["<|im_end|>"])
    writer.add_pad_token_id(ids["<|endoftext|>"])
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE.read_text("utf-8"))
