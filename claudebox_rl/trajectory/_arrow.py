"""The one door to pyarrow: it ships no types, and takes 0.6 s to import, so only what commits or reads imports this."""

from __future__ import annotations

import struct
from importlib import import_module
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

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


def int_array(numbers: NDArray[np.int64]) -> Any:
    """Return NumPy's integers as an array, without a copy, and without pandas either."""
    return pa.Array.from_buffers(pa.int64(), len(numbers), [None, pa.py_buffer(numbers)])


def integers(column: Any) -> NDArray[np.int64]:
    """Return an array of integers, none of them null, as NumPy's. pyarrow's `to_numpy` would import pandas."""
    found = whole(column).cast(pa.int64())
    return np.frombuffer(found.buffers()[1] or b"", np.int64)[found.offset : found.offset + len(found)]


def whole(column: Any) -> Any:
    """Return a column as one array."""
    found = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return found if isinstance(found, pa.Array) else pa.concat_arrays(found.chunks)


def bytes_of(column: Any) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return where the cells of an array of large strings begin and end in its bytes, and those."""
    _, offsets, data = column.buffers()
    if not len(column):
        return np.zeros(1, np.int64), np.zeros(0, np.uint8)
    bounds = np.frombuffer(offsets, np.int64)[column.offset : column.offset + len(column) + 1]
    whole = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(0, np.uint8)
    return bounds - bounds[0], whole[bounds[0] : bounds[-1]]
