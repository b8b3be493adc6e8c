"""Broken files: every fault with its place, its words and the mend, all at once, and never a traceback.

``broken/`` holds the files, ``broken/expected.json`` the lines that ``simran validate`` prints for
each, in order. Lists of known keys are left out of the lines, since they grow with the language.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from simran.cli import main
from simran.errors import Fault

FOLDER = Path(__file__).parent / "broken"
EXPECTED: dict[str, list[str]] = json.loads((FOLDER / "expected.json").read_text("utf-8"))
#: Files that broken ones refer to; they are no scenarios of their own.
PARTS = {"short_model.yaml", "sound_model.yaml", "wrong_model.yaml", "torn_model.yaml"}
PARTS |= {"chained_model.yaml", "sound.yaml"}
HOSTILE = ["alias_bomb.yaml", "nested.yaml", "binary.yaml", "recursive_anchor.yaml"]
KNOWN = re.compile(r" \(known: [^)]*\)$")
GROUPS = range(10_000)
PLACE = re.compile(r"^[\w./-]+:\d+:\d+: ")


def _validate(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *files: str
) -> tuple[object, list[str], str]:
    monkeypatch.setattr(sys, "argv", ["simran", "validate", *files])
    with pytest.raises(SystemExit) as ended:
        main()
    captured = capsys.readouterr()
    return ended.value.code, captured.err.splitlines(), captured.out


def test_the_table_speaks_of_every_file() -> None:
    assert set(EXPECTED) == {path.name for path in FOLDER.glob("*.yaml")} - PARTS
    assert len(EXPECTED) >= 100


def test_the_scenario_that_they_all_break_is_sound(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(FOLDER)
    code, faults, out = _validate(monkeypatch, capsys, "sound.yaml")
    assert (code, faults, out) == (0, [], "sound.yaml: valid\n")


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_every_fault_is_reported(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(FOLDER)
    began = time.process_time()
    code, faults, out = _validate(monkeypatch, capsys, name)
    assert code == 2
    assert out == ""
    assert all(PLACE.match(line) for line in faults)
    assert len(faults) == len(EXPECTED[name]), "\n".join(faults)
    for line, expected in zip(faults, EXPECTED[name], strict=True):
        shown = KNOWN.sub("", line)
        # What is not YAML is described in the words of whichever YAML library is installed.
        if expected.endswith("…"):
            assert shown.startswith(expected[:-1])
        else:
            assert shown == expected
    assert time.process_time() - began < 2.0


def test_all_files_are_reported_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(FOLDER)
    names = ["zero_rate.yaml", "sound.yaml", "zero_agents.yaml"]
    code, faults, out = _validate(monkeypatch, capsys, *names)
    assert code == 2
    assert [line.split(":")[0] for line in faults] == ["zero_rate.yaml", "zero_agents.yaml"]
    assert out == "sound.yaml: valid\n"


def test_json_says_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(FOLDER)
    _, faults, _ = _validate(monkeypatch, capsys, "many_faults.yaml")
    code, none, out = _validate(monkeypatch, capsys, "many_faults.yaml", "sound.yaml", "--json")
    assert (code, none) == (2, [])
    found = json.loads(out)
    said = [str(Fault(**fault)) for fault in found["files"].pop("many_faults.yaml")]
    assert said == faults
    assert found == {
        "valid": False,
        "files": {"sound.yaml": []},
        "warnings": {"many_faults.yaml": [], "sound.yaml": []},
    }


#: Runs a command and prints what it took. A process of its own, since a process that is started counts the
#: memory of the one that started it, up to then, as its own.
MEASURED = """
import json, os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
print(json.dumps({"s": usage.ru_utime + usage.ru_stime, "kB": usage.ru_maxrss}))
sys.exit(os.waitstatus_to_exitcode(status))
"""


def _hostile(folder: Path, *arguments: str, most_s: float = 2.0) -> tuple[int, str]:
    """Run the program with a bound on its time and memory; return how it ended and what it said."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", MEASURED, sys.executable, "-m", "simran", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    *said, told = done.stdout.splitlines(keepends=True)
    usage = json.loads(told)
    assert usage["s"] < most_s + 1.0, "a second of it is to start Python and import"
    assert usage["kB"] < 500_000
    return done.returncode, "".join(said)


def test_hostile_files_cost_little() -> None:
    """All of them together, within the bounds of one."""
    code, said = _hostile(FOLDER, "validate", *HOSTILE)
    assert code == 2
    assert "Traceback" not in said
    files = [line.split(":")[0] for line in said.splitlines()]
    assert files == [name for name in HOSTILE for _ in EXPECTED[name]]


def _huge(path: Path) -> None:
    groups = "".join(f"  a{k}: {{count: 1, device: robot}}\n" for k in range(40_000))
    path.write_text("simran: 1\nagents:\n" + groups)


def _many_faults(path: Path) -> None:
    groups = "".join(f"  a{k}: {{cuont: x, devise: r}}\n" for k in range(14_000))
    path.write_text("simran: 1\nagents:\n" + groups)


def _long_trace(path: Path) -> None:
    (path.parent / "long.csv").write_text("time\n" + "1.5\n" * 2_000_000)
    sound = (FOLDER / "sound.yaml").read_text()
    given = "{process: trace, file: long.csv, column: time}"
    path.write_text(sound.replace("{process: poisson, rate: 0.5 Hz}", given))


def _endless_trace(path: Path) -> None:
    os.mkfifo(path.parent / "pipe.csv")
    sound = (FOLDER / "sound.yaml").read_text()
    given = "{process: trace, file: pipe.csv, column: time}"
    path.write_text(sound.replace("{process: poisson, rate: 0.5 Hz}", given))


WITHOUT_END = {
    "huge.yaml": (_huge, "huge.yaml: is larger than 1000000 bytes"),
    "trace.yaml": (_long_trace, "long.csv is larger than 8000000 bytes"),
    "piped.yaml": (_endless_trace, "pipe.csv is a pipe or device, expected a file"),
    "pipe.yaml": (os.mkfifo, "pipe.yaml: is a pipe or device, expected a file"),
    "folder.yaml": (Path.mkdir, "folder.yaml: is a folder, expected a file"),
    "zero.yaml": (
        lambda path: path.symlink_to("/dev/zero"),
        "zero.yaml: is a pipe or device, expected a file",
    ),
    "loop.yaml": (
        lambda path: path.symlink_to(path.name),
        "loop.yaml: cannot be read: Too many levels of symbolic links",
    ),
}


def test_what_has_no_end(tmp_path: Path) -> None:
    for name, (write, _) in WITHOUT_END.items():
        write(tmp_path / name)
    code, said = _hostile(tmp_path, "validate", *WITHOUT_END)
    assert code == 2
    assert "Traceback" not in said
    for line, (_, words) in zip(said.splitlines(), WITHOUT_END.values(), strict=True):
        assert words in line


def test_faults_without_end(tmp_path: Path) -> None:
    _many_faults(tmp_path / "it.yaml")
    code, said = _hostile(tmp_path, "validate", "it.yaml")
    assert code == 2
    assert len(said.splitlines()) == 101
    assert said.endswith("more faults are not shown\n")


def test_the_largest_files_that_are_read_are_read_quickly(tmp_path: Path) -> None:
    """A scenario and a trace near their bounds; what is sound is also resolved and designed for."""
    text = (FOLDER / "sound.yaml").read_text()
    given = "{process: trace, file: long.csv, column: time}"
    text += "".join(f"  a{k}: {{device: robot, model: m, arrivals: {{rate: 1}}}}\n" for k in GROUPS)
    (tmp_path / "groups.yaml").write_text(text)
    text = (FOLDER / "sound.yaml").read_text().replace("{process: poisson, rate: 0.5 Hz}", given)
    (tmp_path / "trace.yaml").write_text(text)
    (tmp_path / "long.csv").write_text("time\n" + "1.500\n" * 1_000_000)
    for name in ("groups.yaml", "trace.yaml"):
        code, said = _hostile(tmp_path, "validate", name, most_s=4.0)
        assert (code, said) == (0, f"{name}: valid\n")


def test_a_trace_that_is_wrong_at_its_very_end(tmp_path: Path) -> None:
    given = "{process: trace, file: long.csv, column: time}"
    text = (FOLDER / "sound.yaml").read_text().replace("{process: poisson, rate: 0.5 Hz}", given)
    (tmp_path / "trace.yaml").write_text(text)
    (tmp_path / "long.csv").write_text("time\n" + "1.500\n" * 1_000_000 + "1.500\n")
    code, said = _hostile(tmp_path, "validate", "trace.yaml")
    assert code == 2
    assert "long.csv:1000002:1: holds more than 1000000 values" in said
    (tmp_path / "long.csv").write_text("time\n" + "1.500\n" * 999_999 + "1\n")
    code, said = _hostile(tmp_path, "validate", "trace.yaml")
    assert code == 2
    assert "long.csv:1000001:1: time: expected times in ascending order" in said
