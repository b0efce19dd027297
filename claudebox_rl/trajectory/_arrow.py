"""The one door to pyarrow: it ships no types, and takes 0.6 s to import, so only what commits or reads imports this."""

from __future__ import annotations

import struct
from importlib import import_module
from typing import Any, TypeAlias

from claudebox_rl.errors import ConfigError

Table: TypeAlias = Any
"""A `pyarrow.Table`."""

pa: Any = import_module("pyarrow")
pc: Any = import_module("pyarrow.compute")
pq: Any = import_module("pyarrow.parquet")
"""Never `pyarrow.dataset`, nor what imports it (`pq.read_table`): it takes another 1.7 s."""
fs: Any = import_module("pyarrow.fs")


def filesystem(uri: str) -> tuple[Any, str]:
    """Return the `pyarrow.fs.FileSystem` of a URI and the path on it, by pyarrow itself or through fsspec.

    Raises:
        ConfigError: Neither knows the scheme, or the URI is malformed.
    """
    try:
        try:
            found, path = fs.FileSystem.from_uri(uri)
        except pa.ArrowInvalid as error:
            if "Unrecognized filesystem type" not in str(error):
                raise
            found, path = fs.FileSystem.from_uri(f"fsspec+{uri}")
    except (ValueError, OSError, ImportError) as error:
        raise ConfigError(
            f"no storage at {uri}: {error}\n"
            "pyarrow itself reads file://, s3://, gs://, abfs:// and hdfs://; other schemes need their fsspec package"
        ) from error
    return found, path.rstrip("/")


def text_array(text: str, kind: Any) -> Any:
    """Return an array of one text. `pyarrow.array` would import pandas where it is there, which takes 0.3 s."""
    data = text.encode()
    buffers = [None, pa.py_buffer(struct.pack("=ii", 0, len(data))), pa.py_buffer(data or b" ")]
    return pa.Array.from_buffers(pa.string(), 1, buffers).cast(kind)
