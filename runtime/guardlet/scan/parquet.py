"""Rows of a parquet file. Needs pyarrow, which the extra `scan` installs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from guardlet.errors import DataError

_BATCH = 64


def parquet_rows(path: Path) -> Iterator[tuple[dict[str, Any], float]]:
    """Each row, columns to values, and the share of the file read with it.

    Holds one row group's pages at a time. Raises DataError.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError:
        raise DataError('parquet files need pyarrow: pip install "guardlet[scan]"') from None
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            done, total = 0, file.metadata.num_rows
            for batch in file.iter_batches(_BATCH):
                for row in batch.to_pylist():
                    done += 1
                    yield row, done / total
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path}: {type(error).__name__}") from None
