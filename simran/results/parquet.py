"""A Parquet file that is written while the run goes on."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from simran.errors import StorageError
from simran.results.columns import Column

__all__ = ["ParquetLog", "nullable", "strings"]

_ROW_GROUP = 65_536
_DTYPES = {
    pa.float64(): np.float64,
    pa.int64(): np.int64,
    pa.int32(): np.int32,
    pa.bool_(): np.bool_,
}
_TYPES = {"float": pa.float64(), "int": pa.int64(), "int?": pa.int64(), "bool": pa.bool_()}


def strings(codes: np.ndarray[Any, Any], names: Sequence[str]) -> pa.DictionaryArray:
    """Return the column of ``names[code]``, stored once per name and read as plain strings."""
    # A name that stood there twice would make files of the same rows differ in their bytes.
    place = {name: index for index, name in enumerate(dict.fromkeys(names))}
    if len(place) < len(names):
        codes = np.array([place[name] for name in names])[codes]
    words = [name.encode() for name in place]
    ends = np.cumsum([0, *map(len, words)], dtype=np.int32)
    texts = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(words))]
    dictionary = pa.Array.from_buffers(pa.string(), len(words), texts)
    return pa.DictionaryArray.from_arrays(_numbers(codes, pa.int32()), dictionary)


def nullable(values: np.ndarray[Any, Any]) -> pa.Array:
    """Return an integer column in which 0 is null."""
    return _numbers(values.astype(np.int64), pa.int64(), values != 0)


def _numbers(values: Any, kind: pa.DataType, known: Any = None) -> pa.Array:
    """Return a column of numbers or truth values without a look at whether they are of pandas.

    ``pa.array`` would import pandas for that, which takes longer than many a run.

    Parameters
    ----------
    values : (N,) of any sequence
    kind : of the column: float64, int64, int32 or bool
    known : (N,) which are not null; None for all

    Raises
    ------
    TypeError
        if values are of another kind, such as fractions in a column of whole numbers
    """
    found = np.asarray(values) if len(values) else np.empty(0, _DTYPES[kind])
    given: np.ndarray[Any, Any] = np.ascontiguousarray(
        found.astype(_DTYPES[kind], casting="same_kind", copy=False)
    )
    held = np.packbits(given, bitorder="little") if kind == pa.bool_() else given
    there = None if known is None else pa.py_buffer(np.packbits(known, bitorder="little"))
    return pa.Array.from_buffers(kind, len(given), [there, pa.py_buffer(held)])


class _Writer(pq.ParquetWriter):  # type: ignore[misc]
    """Stays silent when it is thrown away after its file could not be written."""

    def __del__(self) -> None:
        with suppress(OSError):
            super().__del__()


class ParquetLog:
    """Writes rows in groups of about 64 k, so memory does not grow with their number.

    Parameters
    ----------
    path : of the file
    columns : what each row holds

    Raises
    ------
    StorageError
        here or later, if the file cannot be written, as on a full disk
    """

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        text = pa.dictionary(pa.int32(), pa.string())
        self._schema = pa.schema(
            [(column.name, _TYPES.get(column.type, text)) for column in columns]
        )
        texts = [column.name for column in columns if column.type == "string"]
        self._path = path
        with self._told():
            self._writer = _Writer(
                path,
                self._schema,
                compression="zstd",
                use_dictionary=texts,
                write_statistics=True,
                store_schema=False,
            )
        self._waiting: list[pa.Table] = []
        self._count = 0
        self.rows = 0

    def write(self, columns: Mapping[str, Any]) -> None:
        """Add rows, given as one array per column."""
        arrays = [columns[field.name] for field in self._schema]
        table = pa.Table.from_arrays(
            [
                array if isinstance(array, pa.Array) else _numbers(array, field.type)
                for array, field in zip(arrays, self._schema, strict=True)
            ],
            schema=self._schema,
        )
        self._waiting.append(table)
        self._count += table.num_rows
        self.rows += table.num_rows
        if self._count >= _ROW_GROUP:
            self._drain()

    def close(self) -> None:
        """Write what waits and finish the file."""
        self._drain()
        with self._told():
            self._writer.close()

    def _drain(self) -> None:
        if self._count:
            table = pa.concat_tables(self._waiting).unify_dictionaries()
            with self._told():
                self._writer.write_table(table, row_group_size=self._count)
        self._waiting.clear()
        self._count = 0

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else error
            raise StorageError(f"{self._path}: cannot be written: {reason}") from error
