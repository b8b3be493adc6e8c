"""The files of a result: columns, types, row groups, memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from rows import context, cut, refused, request
from toy import toy

from simran.engine import run
from simran.errors import StorageError
from simran.results import (
    ALLOCATION_COLUMNS,
    REQUEST_COLUMNS,
    TIMESERIES_COLUMNS,
    Column,
    ParquetLog,
    Recorder,
    Request,
    nullable,
    strings,
)
from simran.results import recorder as recorder_module
from simran.results.records import FAILED
from simran.scenario import load

_PROMISED = """request_id agent group cell server model split placement allocator in_warmup status
size_factor arrival_s agent_start_s agent_end_s uplink_start_s uplink_end_s server_arrival_s
server_start_s server_end_s finish_s delay_s agent_wait_s agent_compute_s uplink_s backhaul_s
server_wait_s server_compute_s downlink_s agent_compute_j transmit_j server_compute_j energy_j
weight_bits agent_frequency_hz server_frequency_hz uplink_bits uplink_rate_bps distortion
distortion_lower distortion_upper quality delay_budget_s energy_budget_j delay_ok energy_ok
miss_cause"""
#: As the documents promise them.
REQUESTS = _PROMISED.split()
TEXTS = {"agent", "group", "cell", "server", "model", "split", "placement", "allocator", "status"}
TEXTS |= {"miss_cause"}
TYPES = dict.fromkeys(TEXTS, "string") | {"request_id": "int64", "weight_bits": "int64"}
TYPES |= dict.fromkeys(("in_warmup", "delay_ok", "energy_ok"), "bool")

COLUMNS = (Column("n", "int", "", ""), Column("x", "float", "", ""), Column("s", "string", "", ""))


def test_the_columns_of_requests_are_those_that_were_promised(tmp_path: Path) -> None:
    path = tmp_path / "requests.parquet"
    write([request()], path)
    schema = pq.read_schema(path)
    assert schema.names == REQUESTS
    assert {field.name: str(field.type) for field in schema} == {
        name: TYPES.get(name, "double") for name in REQUESTS
    }


@pytest.mark.parametrize(
    ("file", "columns"),
    [
        ("requests", REQUEST_COLUMNS),
        ("allocations", ALLOCATION_COLUMNS),
        ("timeseries", TIMESERIES_COLUMNS),
    ],
)
def test_files_hold_the_columns_of_the_dictionary(
    tmp_path: Path, file: str, columns: tuple[Column, ...]
) -> None:
    run(load(toy(duration=30.0)), out=tmp_path / "r")
    schema = pq.read_schema(tmp_path / "r" / f"{file}.parquet")
    assert schema.names == [column.name for column in columns]
    types = {"float": "double", "int": "int64", "int?": "int64", "bool": "bool", "string": "string"}
    for column in columns:
        assert str(schema.field(column.name).type) == types[column.type], column.name
        assert column.meaning


def write(
    requests: list[Request], path: Path, unfinished: tuple[Request, ...] = ()
) -> pd.DataFrame:
    recorder = Recorder(context(("a",), warmup_s=2.0), path)
    for it in requests:
        recorder.record(it)
    end_s = max([it.end for it in (*requests, *unfinished)])
    recorder.close(end_s, unfinished, {})
    assert recorder.rows == len(requests) + len(unfinished)
    return pd.read_parquet(path)


def test_texts_read_as_plain_strings_and_missing_values_as_such(tmp_path: Path) -> None:
    done = request(0, 3.0)
    rest = cut(request(2, 9.0, server=99.0), 14.0)
    frame = write([refused(1, 1.0, FAILED), done], tmp_path / "r.parquet", (rest,))
    assert list(frame["request_id"]) == [1, 0, 2]
    assert list(frame["status"]) == ["failed", "completed", "unfinished"]
    assert list(frame["miss_cause"]) == ["failed", "", ""]
    assert list(frame["placement"]) == ["", "co-inference", "co-inference"]
    assert not isinstance(frame["agent"].dtype, pd.CategoricalDtype)
    assert all(isinstance(value, str) for value in frame["agent"])
    assert list(frame["in_warmup"]) == [True, False, False]
    assert frame["agent_start_s"].isna().tolist() == [True, False, False]
    assert frame["finish_s"].isna().tolist() == [True, False, True]
    assert frame["server_end_s"].isna().tolist() == [True, False, True]


def test_no_bits_are_null(tmp_path: Path) -> None:
    array = nullable(np.array([8.0, 0.0, 3.0]))
    assert array.to_pylist() == [8, None, 3]
    log = ParquetLog(tmp_path / "x.parquet", (Column("b", "int?", "", ""),))
    log.write({"b": array})
    log.close()
    assert pd.read_parquet(tmp_path / "x.parquet")["b"].isna().tolist() == [False, True, False]


def test_a_file_without_rows_has_its_columns(tmp_path: Path) -> None:
    log = ParquetLog(tmp_path / "x.parquet", REQUEST_COLUMNS)
    log.close()
    frame = pd.read_parquet(tmp_path / "x.parquet")
    assert list(frame.columns) == REQUESTS
    assert len(frame) == 0


def filled(path: Path, rows: int, size: int) -> ParquetLog:
    log = ParquetLog(path, COLUMNS)
    for start in range(0, rows, size):
        n = np.arange(start, min(start + size, rows))
        texts = strings(n % 3, ["a", "b", f"c{start}"])
        log.write({"n": n, "x": n * 0.5, "s": texts})
    log.close()
    return log


def test_row_groups_hold_about_64_k(tmp_path: Path) -> None:
    log = filled(tmp_path / "x.parquet", 200_000, 8192)
    assert log.rows == 200_000
    data = pq.ParquetFile(tmp_path / "x.parquet").metadata
    sizes = [data.row_group(place).num_rows for place in range(data.num_row_groups)]
    assert sizes == [65_536, 65_536, 65_536, 200_000 - 3 * 65_536]


def test_names_that_change_from_block_to_block_are_kept(tmp_path: Path) -> None:
    filled(tmp_path / "x.parquet", 1000, 10)
    frame = pd.read_parquet(tmp_path / "x.parquet")
    n = np.arange(1000)
    expected = np.choose(n % 3, ["a", "b", np.char.add("c", (n // 10 * 10).astype(str))])
    assert frame["s"].tolist() == expected.tolist()


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """As arrays, the 46 columns of the second 100 000 rows alone would take 37 MB."""
    program = (
        "import sys, resource; sys.path[:0] = sys.argv[2:]\n"
        "from pathlib import Path; from test_results_parquet import rows_written\n"
        "peaks = []\n"
        "for rows in (100_000, 200_000):\n"
        "    rows_written(Path(sys.argv[1]), rows)\n"
        "    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)\n"
        "print(*peaks)\n"
    )
    here = Path(__file__).resolve()
    places = [str(here.parent), str(here.parents[2] / "support")]
    command = [sys.executable, "-c", program, str(tmp_path / "x.parquet"), *places]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    few, many = map(float, done.stdout.split())
    assert many - few < 10


def rows_written(path: Path, rows: int) -> None:
    recorder = Recorder(context(), path)
    for number in range(rows):
        recorder.record(request(number, 0.5 * number))
    recorder.close(0.5 * rows + 7.0, (), {})
    assert recorder.rows == rows


@pytest.mark.parametrize("size", [1, 7, 64, 100_000])
def test_other_blocks_give_the_same_rows_and_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    def written(name: str) -> tuple[pd.DataFrame, object]:
        draw = np.random.default_rng(1)
        recorder = Recorder(context(warmup_s=50.0), tmp_path / name)
        ended = sorted(
            (
                request(n, 0.5 * (n // 2), server_wait=float(draw.integers(0, 4)))
                for n in range(999)
            ),
            key=lambda it: it.end,
        )
        for it in ended:
            recorder.record(it)
        recorder.close(400.0, [cut(request(2000, 390.0, server=99.0), 400.0)], {2000: 98.0})
        return pd.read_parquet(tmp_path / name), recorder.groups.as_dict(400.0, 50.0)

    frame, figures = written("a")
    monkeypatch.setattr(recorder_module, "_FLUSH", size)
    other, others = written("b")
    pd.testing.assert_frame_equal(frame, other)
    before, after = _flat(figures), _flat(others)
    assert list(after) == list(before)
    for path, value in before.items():
        close = isinstance(value, float) and value == pytest.approx(after[path], rel=1e-12)
        assert close or value == after[path], path
    ends = frame["finish_s"].dropna()
    assert ends.is_monotonic_increasing
    ties = frame.dropna(subset="finish_s").groupby("finish_s")["request_id"]
    assert ties.apply(lambda ids: ids.is_monotonic_increasing).all()
    assert ties.size().max() > 1


def _flat(value: object, path: str = "") -> dict[str, object]:
    if isinstance(value, dict):
        return {k: v for key, it in value.items() for k, v in _flat(it, f"{path}/{key}").items()}
    if isinstance(value, list):
        return {f"{path}/{place}": it for place, it in enumerate(value)}
    return {path: value}


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "x.parquet"
    with pytest.raises(StorageError, match=r"missing/x\.parquet: cannot be written: No such file"):
        ParquetLog(path, COLUMNS)


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    """A limit on the size of files, in a process of its own."""
    program = (
        "import resource, sys; from pathlib import Path; import numpy as np\n"
        "from simran.errors import StorageError; from simran.results import Column, ParquetLog\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        "logs = [ParquetLog(Path(sys.argv[1]) / n, (Column('x', 'float', '', ''),)) for n in 'ab']\n"
        "try:\n"
        "    for log in logs: log.write({'x': np.random.default_rng(1).random(100_000)})\n"
        "except StorageError as error: print(error)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == f"{tmp_path / 'a'}: cannot be written: File too large\n"
    assert done.stderr == ""


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 1000])
def test_columns_come_back_as_they_were_written(tmp_path: Path, count: int) -> None:
    """At all lengths around a byte, since truth values are packed into bytes; every second value too."""
    draw = np.random.default_rng(count)
    numbers = draw.normal(size=2 * count)[::2]
    whole = draw.integers(0, 3, count)
    kinds = {"x": "float", "n": "int", "some": "int?", "yes": "bool", "s": "string"}
    log = ParquetLog(
        tmp_path / "x.parquet", [Column(name, kind, "", "") for name, kind in kinds.items()]
    )
    names = ["räumlich", "", "räumlich"]
    log.write({"x": numbers, "n": whole, "some": nullable(whole), "yes": numbers > 0,
               "s": strings(whole, names)})  # fmt: skip
    log.close()
    read = pq.read_table(tmp_path / "x.parquet").to_pydict()
    assert read["x"] == numbers.tolist()
    assert read["n"] == whole.tolist()
    assert read["some"] == [value or None for value in whole.tolist()]
    assert read["yes"] == (numbers > 0).tolist()
    assert read["s"] == [names[value] for value in whole]


def test_fractions_in_a_column_of_whole_numbers_are_refused(tmp_path: Path) -> None:
    log = ParquetLog(tmp_path / "x.parquet", (Column("n", "int", "", ""),))
    with pytest.raises(TypeError, match="same_kind"):
        log.write({"n": np.array([1.5])})
    log.close()


def test_a_run_does_not_wait_for_pandas(tmp_path: Path) -> None:
    code = (
        "import sys, simran; simran.run(simran.load('paper_blip2_coco', ['requests=5']), out='r');"
        " assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
