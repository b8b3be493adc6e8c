"""The command line when things go wrong: exit codes, one line of words, never a traceback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from simran import cli
from simran.cli import main
from simran.errors import Fault, InputError, InvariantError, RunError

SOUND = Path(__file__).parents[1] / "contract" / "broken" / "sound.yaml"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working folder that holds one sound scenario."""
    shutil.copy(SOUND, tmp_path / "sound.yaml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Program:
    """Calls the program in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.out = self.err = ""

    def __call__(self, *arguments: str) -> int:
        """Return the exit code; what was printed is kept."""
        self._monkeypatch.setattr(sys, "argv", ["simran", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        self.out, self.err = self._capsys.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        return code


@pytest.fixture
def simran(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path
) -> Program:
    return Program(monkeypatch, capsys)


def test_a_run_that_is_sound(simran: Program, folder: Path) -> None:
    assert simran("run", "sound.yaml", "--out", "result", "--set", "duration=5 s") == 0
    assert (folder / "result" / "summary.json").is_file()
    assert simran("show", "result", "--json") == 0
    assert json.loads(simran.out)["name"] == "sound"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "none.yaml"], "error: none.yaml: cannot be read: No such file or directory"),
        (["solve", "none.yaml"], "error: none.yaml: cannot be read: No such file or directory"),
        (["run", "warehouse_contentoin"], "did you mean 'warehouse_contention'?"),
        (["run", "."], "is a folder, expected a file"),
        (["run", "sound.yaml", "--set", "agents.a.cuont=3"], "did you mean 'count'?"),
        (["run", "sound.yaml", "--set", "agents.a.count"], "expected PATH=VALUE"),
        (["solve", "sound.yaml", "--set", "agents.b.count=3"], "there is no such key (known: a)"),
        (["solve", "sound.yaml", "--agent", "b"], "'b'"),
        (["solve", "sound.yaml", "--set", "allocator.options={bits: 4}"], "'bits'"),
        (["run", "sound.yaml", "--set", "allocator.options={bits: 4}", "--out", "r"], "'bits'"),
        (["validate", "sound.yaml", "none.yaml"], "none.yaml: cannot be read"),
        (["show", "nowhere"], "nowhere: not a result folder"),
        (["show", "."], "not a result folder"),
        (["list", "modles"], "unknown catalogue 'modles'; did you mean 'models'?"),
        (["run", "sound.yaml", "--sed", "3"], "No such option"),
        (["run", "sound.yaml", "--seed", "-3"], "error: --seed: expected at least 0, found -3\n"),
        (
            ["run", "sound.yaml", "--seed", "three"],
            "error: --seed: expected a whole number, found 'three'\n",
        ),
        (
            ["run", "sound.yaml", "--seed", "2.5"],
            "error: --seed: expected a whole number, found 2.5\n",
        ),
        (
            ["run", "sound.yaml", "--replications", "0"],
            "error: --replications: expected at least 1, found 0\n",
        ),
        (
            ["run", "sound.yaml", "--replications", "-2"],
            "error: --replications: expected at least 1, found -2\n",
        ),
        (["run", "sond.yaml"], "No such file or directory (did you mean 'sound.yaml'?)"),
        (["list", "models", "./none.yaml"], "none.yaml: cannot be read"),
        (["list", "devices", "./sound.yaml"], "unknown key 'agents'"),
        (["run"], "Missing argument"),
        (["rnu", "sound.yaml"], "No such command"),
        (["validate"], "Missing argument"),
    ],
)
def test_bad_input_exits_with_2(simran: Program, arguments: list[str], words: str) -> None:
    assert simran(*arguments) == 2
    assert words in simran.err
    assert "Traceback" not in simran.err + simran.out


def test_nothing_is_written_when_the_input_is_bad(simran: Program, folder: Path) -> None:
    assert simran("run", "sound.yaml", "--set", "duration=x", "--out", "result") == 2
    assert simran("run", "sound.yaml", "--set", "duration=x") == 2
    assert [path.name for path in folder.iterdir()] == ["sound.yaml"]


def test_the_result_folder_must_be_of_use(simran: Program, folder: Path) -> None:
    (folder / "full").mkdir()
    (folder / "full" / "thesis.txt").write_text("mine")
    (folder / "file").write_text("mine")
    cases = {
        "full": "full: holds 'thesis.txt'",
        "file": "file: cannot be a result folder: File exists",
        "file/below": "file/below: cannot be a result folder: Not a directory",
        "/proc/nothing/here": "/proc/nothing/here: cannot be a result folder",
        "x" * 300: "cannot be a result folder: File name too long",
    }
    for out, words in cases.items():
        for more in ([], ["--overwrite"], ["--replications", "2"]):
            assert simran("run", "sound.yaml", "--set", "duration=2 s", "--out", out, *more) == 2
            assert words in simran.err
    assert (folder / "full" / "thesis.txt").read_text() == "mine"
    assert (folder / "file").read_text() == "mine"


def test_an_earlier_result_is_kept_unless_told(simran: Program) -> None:
    command = ["run", "sound.yaml", "--set", "duration=2 s", "--out", "result"]
    assert simran(*command) == 0
    assert simran(*command) == 2
    assert "pass --overwrite" in simran.err
    assert simran(*command, "--overwrite") == 0


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("of the user"), 2),
        (RunError("of the run"), 1),
        (InvariantError("of the program"), 1),
        (OSError(28, "No space left on device"), 1),
    ],
)
def test_exit_codes(
    simran: Program, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr("simran.cli.root.app", fail)
    assert simran("run") == code
    assert simran.err == f"error: {error}\n"


def test_a_run_that_cannot_go_on_exits_with_1(
    simran: Program, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        sys.modules["simran.engine.run"], "_PORTION", 100
    )  # so that it is over soon
    # Nobody is served: what is dropped on arrival never completes.
    impossible = ["budget={delay: 1 us, energy: 1 uJ}", "on_violation=drop", "arrivals.rate=1 kHz"]
    changes = [it for text in impossible for it in ("--set", f"agents.a.{text}")]
    ended = ["--set", "duration=null", "--set", "requests=5", "--out", "result"]
    assert simran("run", "sound.yaml", *changes, *ended) == 1
    assert "will not be reached; use duration" in simran.err
    assert json.loads((folder / "result" / "manifest.json").read_text())["status"] == "failed"


def test_as_a_program(folder: Path) -> None:
    """The module and the script are one program, and the exit code reaches the shell."""
    script = Path(sys.executable).parent / "simran"
    for command in ([sys.executable, "-m", "simran"], [str(script)]):
        done = subprocess.run(
            [*command, "validate", "sound.yaml", "none.yaml"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert done.stdout == "sound.yaml: valid\n"
        assert done.stderr == "none.yaml: cannot be read: No such file or directory\n"


def test_words_that_the_terminal_cannot_show(folder: Path) -> None:
    """A file's name of any bytes, and a terminal of ASCII, still get an answer."""
    name = b"\xff\xe4.yaml"
    shutil.copy("sound.yaml", name)
    for given in (name, b"n\xc3\xb6.yaml"):
        done = subprocess.run(
            [os.fsencode(sys.executable), b"-m", b"simran", b"validate", given],
            capture_output=True,
            check=False,
            env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        )
        assert b"Traceback" not in done.stderr
        assert done.returncode == (0 if given is name else 2)


def test_quiet_prints_what_a_program_reads(simran: Program) -> None:
    short = ("--set", "duration=5 s")
    assert simran("run", "sound.yaml", "--quiet", "--out", "result", *short) == 0
    assert simran.out == "result\n"
    assert simran.err == ""
    assert simran("validate", "sound.yaml", "--quiet") == 0
    assert simran.out == simran.err == ""
    assert simran("run", "sound.yaml", "--out", "other", *short) == 0
    assert simran.out.startswith(("STABLE", "BACKLOGGED", "OVERLOADED"))
    assert simran.err == ""


def test_verbose_says_how_it_was_made(simran: Program) -> None:
    short = ("--set", "duration=5 s", "--replications", "2")
    assert simran("run", "sound.yaml", "-v", "--json", "--out", "result", *short) == 0
    summary = json.loads(simran.out)  # chatter goes to the other stream
    assert summary["replications"]["count"] == 2
    for words in ("replication-0", "wall-clock", "rows: requests", "numpy"):
        assert words in simran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "models"),
        ("list", "devices"),
        ("list", "allocators"),
        ("list", "scenarios"),
        ("list", "columns"),
        ("solve", "sound.yaml"),
        ("solve", "sound.yaml", "--sensitivity"),
        ("validate", "sound.yaml"),
    ],
)
def test_json_where_a_program_would_read_it(simran: Program, arguments: tuple[str, ...]) -> None:
    assert simran(*arguments, "--json") == 0
    assert json.loads(simran.out)
    assert simran(*arguments) == 0
    assert max(map(len, simran.out.splitlines())) <= 100


def test_faults_as_json_have_their_place(simran: Program, folder: Path) -> None:
    text = (folder / "sound.yaml").read_text().replace("count:", "cuont:", 1)
    assert "cuont" in text
    (folder / "wrong.yaml").write_text(text)
    assert simran("validate", "wrong.yaml", "--json") == 2
    found = json.loads(simran.out)
    (fault,) = (it for it in found["files"]["wrong.yaml"] if "cuont" in it["message"])
    assert found["valid"] is False
    assert fault["file"] == "wrong.yaml"
    assert text.splitlines()[fault["line"] - 1][fault["column"] - 1 :].startswith("cuont")
    assert fault["path"].endswith("cuont")
    assert "count" in fault["suggestion"]


@pytest.mark.parametrize("command", ["sweep", "report"])
def test_commands_of_a_later_version_are_refused_by_name(simran: Program, command: str) -> None:
    assert simran(command, "sound.yaml") == 2
    assert f"{command!r} is not in this version" in simran.err


@pytest.mark.parametrize(
    "changes",
    [
        ["allocator.options.foo=1"],
        ["allocator={name: fixed-bits}", "allocator.options.bits=60"],
        ["allocator={name: fixed-bits}", "allocator.options.bits=60", "--replications"],
    ],
)
def test_an_option_that_is_refused_leaves_an_earlier_result_alone(
    simran: Program, folder: Path, changes: list[str]
) -> None:
    short = ("--set", "duration=5 s")
    more = ("--replications", "2") if "--replications" in changes else ()
    assert simran("run", "sound.yaml", "--out", "r", *short, *more) == 0
    before = {it: it.read_bytes() for it in sorted((folder / "r").rglob("*")) if it.is_file()}
    sets = [part for change in changes if "=" in change for part in ("--set", change)]
    again = ("run", "sound.yaml", "--out", "r", "--overwrite", *short, *sets, *more)
    assert simran(*again) == 2
    after = {it: it.read_bytes() for it in sorted((folder / "r").rglob("*")) if it.is_file()}
    assert after == before


@pytest.mark.parametrize("command", ["run", "solve", "validate"])
def test_an_option_of_the_allocator_is_refused_at_its_place(
    simran: Program, folder: Path, command: str
) -> None:
    text = (folder / "sound.yaml").read_text()
    text = "\n".join(line for line in text.splitlines() if not line.startswith("allocator"))
    (folder / "it.yaml").write_text(
        text + "\nallocator:\n  name: exact\n  options:\n    asumed_share: 1\n"
    )
    assert simran(command, "it.yaml") == 2
    line = 1 + [it.strip() for it in (folder / "it.yaml").read_text().splitlines()].index(
        "asumed_share: 1"
    )
    assert f"it.yaml:{line}:5: allocator.options.asumed_share" in simran.err
    assert "assumed_share" in simran.err


def test_help_is_not_cut_short(simran: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert simran("--help") == 0
    assert "..." not in simran.out.replace("[ARGS]...", "")
    words = " ".join(simran.out.split())
    for command in cli.app.registered_commands:
        assert " ".join((command.callback.__doc__ or "-").split()) in words
    assert max(map(len, simran.out.splitlines())) <= 80


def test_validate_warns_of_what_is_legal_and_hardly_meant(simran: Program, folder: Path) -> None:
    text = (folder / "sound.yaml").read_text()
    assert "delay: 1 s" in text
    (folder / "it.yaml").write_text(text.replace("delay: 1 s", "delay: 1 ms"))
    assert simran("validate", "it.yaml") == 0
    warning, valid = simran.out.splitlines()
    assert warning.startswith("warning: it.yaml:")
    assert "agents.a.budget: no design meets its budgets: " in warning
    assert valid == "it.yaml: valid, 1 warning"
    assert simran("validate", "it.yaml", "--json") == 0
    (found,) = json.loads(simran.out)["warnings"]["it.yaml"]
    assert f"warning: {Fault(**found)}" == warning
    assert found["path"] == "agents.a.budget"
    assert (
        (folder / "it.yaml")
        .read_text()
        .splitlines()[found["line"] - 1]
        .lstrip()
        .startswith("budget")
    )
    assert simran("solve", "it.yaml") == 0
    said = " ".join(simran.out.split())
    assert found["message"] in said
    assert simran("run", "it.yaml", "--set", "duration=5 s", "--out", "r") == 0
    assert found["message"] in " ".join(simran.out.split())


@pytest.mark.parametrize("command", ["run", "solve"])
def test_run_and_solve_warn_of_bare_numbers(simran: Program, folder: Path, command: str) -> None:
    more = ("--out", "r", "--set", "duration=2 s") if command == "run" else ()
    assert simran(command, "sound.yaml", "--set", "agents.a.transmit={power: 23}", *more) == 0
    assert simran.err.splitlines() == [
        "warning: --set agents.a.transmit={power: 23}: agents.a.transmit.power: 23 is read as 23 W"
        " (write 23 dBm if that was meant)"
    ]


def test_profile_files_are_validated_and_listed(simran: Program, folder: Path) -> None:
    text = "f_max: 2 GHz\nflops_per_cycle: 8\npower: {dynamic: 1e-28}\n"
    (folder / "chip.yaml").write_text(text)
    assert simran("validate", "chip.yaml") == 0
    assert simran.out == "chip.yaml: valid\n"
    assert simran("list", "devices", "./chip.yaml") == 0
    assert "flops_per_cycle" in simran.out
    (folder / "chip.yaml").write_text(text.replace("2 GHz", "2 J"))
    assert simran("validate", "chip.yaml") == 2
    assert simran.err.startswith("chip.yaml:1:1: f_max: expected a frequency")
    assert simran("list", "devices", "chip.yaml") == 2
    assert "chip.yaml:1:1: f_max: expected a frequency" in simran.err


@pytest.mark.parametrize("command", ["run", "solve"])
def test_a_profile_is_no_scenario(simran: Program, folder: Path, command: str) -> None:
    text = "f_max: 2 GHz\nflops_per_cycle: 8\npower: {dynamic: 1e-28}\n"
    (folder / "chip.yaml").write_text(text)
    assert simran(command, "chip.yaml") == 2
    assert simran.err.splitlines() == [
        "error: chip.yaml: is the profile of a device, expected a scenario"
        " (a scenario names it in devices: {NAME: {profile: PATH}})"
    ]


def test_a_run_is_repeated_from_its_manifest(simran: Program, folder: Path) -> None:
    short = ("--set", "duration=5 s")
    assert simran("run", "sound.yaml", "--out", "first", "--seed", "9", *short) == 0
    assert simran("validate", "first/manifest.json") == 0
    assert simran("solve", "first/manifest.json") == 0
    assert simran("run", "first/manifest.json", "--out", "again") == 0
    data = [(folder / it / "requests.parquet").read_bytes() for it in ("first", "again")]
    assert data[0] == data[1]
    assert simran("run", "first/manifest.json", "--out", "other", "--seed", "10") == 0
    assert json.loads((folder / "other" / "manifest.json").read_text())["seed"] == 10
    assert (folder / "other" / "requests.parquet").read_bytes() != data[0]


def test_options_of_the_allocator_are_reported_with_other_faults(
    simran: Program, folder: Path
) -> None:
    text = (folder / "sound.yaml").read_text().replace("count:", "cuont:", 1)
    lines = [line for line in text.splitlines() if not line.startswith("allocator")]
    lines += ["allocator: {name: fixed-bits, options: {bits: many, asumed_share: 1}}"]
    (folder / "it.yaml").write_text("\n".join(lines))
    assert simran("validate", "it.yaml") == 2
    for words in ("'cuont'", "allocator.options.bits", "allocator.options.asumed_share"):
        assert words in simran.err


def test_validate_takes_overrides_as_run_does(simran: Program, folder: Path) -> None:
    assert simran("validate", "sound.yaml", "--set", "seed=-1") == 2
    assert simran.err.startswith("--set seed=-1: seed: ")
    assert simran("validate", "sound.yaml", "--set", "seed=3") == 0


def test_a_profile_has_nothing_to_override(simran: Program, folder: Path) -> None:
    (folder / "chip.yaml").write_text("f_max: 1 GHz\nflops_per_cycle: 2\npower: {dynamic: 1e-28}\n")
    assert simran("validate", "chip.yaml", "--set", "f_max=2e9") == 2
    assert "chip.yaml: is a profile, and --set changes a scenario" in simran.err


@pytest.mark.parametrize("command", ["run", "solve", "validate"])
def test_an_option_that_no_model_suits_has_a_place(
    simran: Program, folder: Path, command: str
) -> None:
    text = (folder / "sound.yaml").read_text()
    (folder / "it.yaml").write_text(text + "\nallocator: {name: fixed-bits, options: {bits: 50}}\n")
    line = len((folder / "it.yaml").read_text().splitlines())
    assert simran(command, "it.yaml") == 2
    assert f"it.yaml:{line}:1: allocator: bit-width 50 is not one of the model's" in simran.err


def test_a_result_folder_in_a_scenarios_place(simran: Program, folder: Path) -> None:
    assert simran("run", "sound.yaml", "--out", "result", "--set", "duration=5 s") == 0
    assert simran("validate", "result") == 2
    assert "the scenario of that run is read from result/manifest.json" in simran.err
