"""Processes side by side: signals while they start, and a parent that is gone."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "pthread_sigmask"), reason="signals of Unix wait for a process"
)

_INTERRUPTED = """
import os, signal, threading, time
from simran.experiments.parallel import run_side_by_side, workers

if __name__ == "__main__":
    with workers(None, 1) as pool:
        # Its one process takes longer than that to start, and is asked to end before it can listen.
        threading.Timer(0.02, {send}, (os.getpid(), signal.{name})).start()
        values, stopped = run_side_by_side(time.sleep, [(0.1,)] * 9, pool)
    print(len(values), stopped)
"""

_ABANDONED = """
import os
from simran.experiments.parallel import run_side_by_side, workers

if __name__ == "__main__":
    with workers(None, 2, 2) as pool:
        run_side_by_side(os.getpid, [()] * 2, pool)
        print("ready", flush=True)
        input()
"""


def _started(tmp_path: Path, text: str) -> subprocess.Popen[str]:
    (tmp_path / "script.py").write_text(text)
    return subprocess.Popen(
        [sys.executable, str(tmp_path / "script.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize("send", ["os.kill", "os.killpg"])
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_while_processes_start_calls_off_the_rest(
    send: str, name: str, tmp_path: Path
) -> None:
    """To the program alone, and to all of its processes as a terminal sends it."""
    with _started(tmp_path, _INTERRUPTED.format(send=send, name=name)) as process:
        try:
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (out, err, process.returncode) == ("9 True\n", "", 0)


def test_processes_end_with_the_one_that_started_them(tmp_path: Path) -> None:
    with _started(tmp_path, _ABANDONED) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.kill()
        out, _ = process.communicate(timeout=60)  # ends when nobody has the pipe any more
    assert out == ""
