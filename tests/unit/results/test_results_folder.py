"""The result folder: what is refused, what is replaced, and what is readable afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from scipy.stats import t
from toy import toy

from simran.engine import run
from simran.errors import InputError, OutputError
from simran.experiments import run_replications
from simran.results import Result, ResultFolder
from simran.scenario import load

#: Replications one after the other and in this process, which takes less time to start.
HERE = ThreadPoolExecutor(1)


def names(path: Path) -> list[str]:
    return sorted(str(it.relative_to(path)) for it in path.rglob("*"))


@pytest.fixture
def result(tmp_path: Path) -> Path:
    path = tmp_path / "deep" / "result"
    run(load(toy(duration=20.0)), out=path)
    return path


def test_a_missing_folder_is_made(result: Path) -> None:
    files = "allocations.parquet manifest.json requests.parquet summary.json timeseries.parquet"
    assert names(result) == files.split()


def test_a_folder_that_holds_files_is_refused(result: Path) -> None:
    before = (result / "summary.json").read_bytes()
    with pytest.raises(OutputError, match=r"holds 'allocations\.parquet'.*--overwrite"):
        ResultFolder(result)
    assert (result / "summary.json").read_bytes() == before
    assert Result.open(result).manifest["status"] == "complete"


def test_overwrite_replaces_a_result(result: Path) -> None:
    run(load(toy(duration=20.0, outputs={"timeseries": 0.0})), out=result, overwrite=True)
    assert names(result) == [
        "allocations.parquet",
        "manifest.json",
        "requests.parquet",
        "summary.json",
    ]
    ResultFolder(result, overwrite=True)
    assert names(result) == ["manifest.json"]
    assert json.loads((result / "manifest.json").read_text()) == {"status": "running"}


def test_drafts_of_a_run_that_was_killed_are_replaced_too(result: Path) -> None:
    (result / "summary.json.part").write_text("{")
    ResultFolder(result, overwrite=True)
    assert names(result) == ["manifest.json"]


@pytest.mark.parametrize(
    "foreign",
    [
        "notes.txt",
        "requests.parquet.bak",
        "replication-0/notes.txt",
        "replication-0/replication-0/summary.json",
        "replication-x/summary.json",
        "replication-/summary.json",
        "other/summary.json",
        "summary.json.part.part",
    ],
)
def test_what_simran_did_not_write_is_never_touched(result: Path, foreign: str) -> None:
    (result / foreign).parent.mkdir(parents=True, exist_ok=True)
    (result / foreign).write_text("mine")
    before = names(result)
    with pytest.raises(OutputError, match="which simran did not write"):
        ResultFolder(result, overwrite=True)
    assert names(result) == before
    assert (result / foreign).read_text() == "mine"


def test_a_folder_by_the_name_of_a_file_is_not_touched(result: Path) -> None:
    (result / "timeseries.parquet").unlink()
    (result / "timeseries.parquet").mkdir()
    with pytest.raises(OutputError, match=r"'timeseries\.parquet', which simran did not write"):
        ResultFolder(result, overwrite=True)
    assert (result / "summary.json").is_file()


def test_a_link_to_a_folder_elsewhere_is_not_followed(result: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "summary.json").write_text("{}")
    (result / "replication-0").symlink_to(elsewhere)
    with pytest.raises(OutputError, match="'replication-0', which simran did not write"):
        ResultFolder(result, overwrite=True)
    assert (elsewhere / "summary.json").is_file()


def test_replications_are_replaced_with_their_result(tmp_path: Path) -> None:
    path, scenario = tmp_path / "r", load(toy(duration=20.0))
    first = run_replications(scenario, 3, out=path, executor=HERE)
    folders = ["replication-0", "replication-1", "replication-2"]
    assert first.manifest["replications"] == folders
    with pytest.raises(OutputError, match="--overwrite"):
        run_replications(scenario, 2, out=path)
    second = run_replications(scenario, 2, out=path, overwrite=True, executor=HERE)
    assert second.summary["replications"]["count"] == 2
    assert [it.name for it in sorted(path.iterdir()) if it.is_dir()] == folders[:2]
    single = run_replications(scenario, 1, out=path, overwrite=True)
    assert not [it for it in path.iterdir() if it.is_dir()]
    assert "replications" not in single.summary


def test_replications_are_summarised_with_students_interval(tmp_path: Path) -> None:
    path = tmp_path / "r"
    whole = run_replications(load(toy(duration=60.0)), 4, out=path, executor=HERE)
    opened = Result.open(path)
    assert opened.summary == whole.summary
    found = opened.summary["replications"]["groups"]["a"]["mean delay s"]
    means = [
        Result.open(path / f"replication-{k}")
        .requests.query("status == 'completed'")["delay_s"]
        .mean()
        for k in range(4)
    ]
    centre = sum(means) / 4
    spread = (sum((it - centre) ** 2 for it in means) / 3) ** 0.5
    half = t.ppf(0.975, 3) * spread / 2
    assert found["mean"] == pytest.approx(centre)
    assert found["interval95"] == pytest.approx([centre - half, centre + half])
    assert len(set(means)) == 4


def test_a_replication_that_fails_leaves_word_of_it(tmp_path: Path) -> None:
    path = tmp_path / "r"
    document = toy(duration=20.0, allocator={"name": "fixed-bits", "options": {"bits": 60}})
    with pytest.raises(Exception, match="60 is not one of"):
        run_replications(load(document), 2, out=path)
    with pytest.raises(OutputError, match=r"the run failed: .*60 is not one of"):
        Result.open(path)


def test_an_option_that_does_not_exist_is_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    document = toy(duration=20.0, allocator__options={"nonsense": 1})
    for replications in (1, 2):
        with pytest.raises(InputError, match="nonsense"):
            run_replications(load(document), replications, out=tmp_path / "r")
    assert not (tmp_path / "r").exists()


def test_json_is_whole_or_not_there(tmp_path: Path) -> None:
    folder = ResultFolder(tmp_path / "r")
    folder.write("summary.json", {"a": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        folder.write("summary.json", {"a": float("nan")})
    with pytest.raises(TypeError):
        folder.write("summary.json", {"a": 1, "b": object()})
    assert json.loads((tmp_path / "r" / "summary.json").read_text()) == {"a": 1}
    assert names(tmp_path / "r") == ["manifest.json", "summary.json"]


@pytest.mark.parametrize("text", ["", "{", '{"a": 1', "[1, 2]", "null", "\x00\x01"])
@pytest.mark.parametrize("file", ["manifest.json", "summary.json"])
def test_damaged_json_is_an_output_error(result: Path, file: str, text: str) -> None:
    (result / file).write_text(text)
    with pytest.raises(OutputError, match=f"{file}: is damaged"):
        Result.open(result)


def test_json_of_another_encoding_is_an_output_error(result: Path) -> None:
    (result / "summary.json").write_bytes(b'{"name": "\xff\xfe"}')
    with pytest.raises(OutputError, match=r"summary\.json: is damaged"):
        Result.open(result)


def test_what_is_missing_is_said(result: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"not a result folder .it has no manifest\.json"):
        Result.open(tmp_path)
    with pytest.raises(OutputError) as caught:
        Result.open(result / "manifest.json")
    expected = f"is a file, expected a result folder (did you mean {str(result)!r}?)"
    assert str(caught.value) == f"{result / 'manifest.json'}: {expected}"
    (tmp_path / "it.yaml").touch()
    with pytest.raises(OutputError, match=r"it\.yaml: is a file, expected a result folder$"):
        Result.open(tmp_path / "it.yaml")
    (result / "summary.json").unlink()
    with pytest.raises(OutputError, match=r"summary\.json: cannot be read: No such file"):
        Result.open(result)
    (result / "timeseries.parquet").unlink()
    with pytest.raises(OutputError, match=r"timeseries\.parquet: was not written; set outputs"):
        Result(result).timeseries  # noqa: B018


def test_a_result_says_where_it_lies() -> None:
    assert repr(Result(Path("results/mine"))) == "Result('results/mine')"


def test_a_truncated_table_is_an_output_error(result: Path) -> None:
    data = (result / "requests.parquet").read_bytes()
    (result / "requests.parquet").write_bytes(data[: len(data) // 2])
    with pytest.raises(OutputError, match=r"requests\.parquet: is damaged"):
        Result.open(result).requests  # noqa: B018


def test_a_run_that_goes_on_or_was_killed_is_no_result(tmp_path: Path) -> None:
    ResultFolder(tmp_path / "r")
    with pytest.raises(OutputError, match="has not ended, or was killed"):
        Result.open(tmp_path / "r")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputError, match=f"{path}: cannot be a result folder"):
            ResultFolder(path)


#: Sizes at which the manifest, or the tables, no longer fit.
@pytest.mark.parametrize(
    ("limit", "file", "more", "code"),
    [
        (10, "manifest.json", (), 2),  # before the run has begun
        (60_000, "", (), 1),
        (60_000, "", ("--replications", "2"), 1),
    ],
)
def test_a_full_disk_is_an_error_that_names_the_place(
    tmp_path: Path, limit: int, file: str, more: tuple[str, ...], code: int
) -> None:
    """A limit on the size of files, in a process of its own; no traceback."""
    out = tmp_path / "r"
    program = (
        "import resource, sys; from simran.cli import main\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        "main()"
    )
    command = [sys.executable, "-c", program, "run", "warehouse_contention", "--out", str(out)]
    done = subprocess.run(
        [*command, "--set", "duration=900 s", *more],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONFAULTHANDLER": "1"},
    )
    assert done.returncode == code
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"error: {out}/")
    assert line.endswith(f"{file}: cannot be written: File too large")
    if limit > 100:
        with pytest.raises(OutputError):
            Result.open(out)
