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

__all__ = ["ParquetLog", "strings"]

_ROW_GROUP = 65_536
_TYPES = {"float": pa.float64(), "int": pa.int64(), "int?": pa.int64(), "bool": pa.bool_()}


def strings(codes: np.ndarray[Any, Any], names: Sequence[str]) -> pa.DictionaryArray:
    """Return the column of ``names[code]``, stored once per name and read as plain strings."""
    # A name that stood there twice would make files of the same rows differ in their bytes.
    place = {name: index for index, name in enumerate(dict.fromkeys(names))}
    if len(place) < len(names):
        codes = np.array([place[name] for name in names])[codes]
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(place, pa.string()))


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
                array if isinstance(array, pa.Array) else pa.array(array, type=field.type)
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
