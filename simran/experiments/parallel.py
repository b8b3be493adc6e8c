"""Many runs side by side: through any executor, with signals answered and failures told."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any, TypeVar

from simran.engine import stop_signals

__all__ = ["run_side_by_side", "workers"]

T = TypeVar("T")

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def workers(executor: Executor | None, jobs: int, most: int | None = None) -> Iterator[Executor]:
    """Lend an executor: the given one, else processes of its own that end with the block.

    Parameters
    ----------
    executor : what the caller brought; it is left running
    jobs : how many jobs there will be at a time; no more processes are started
    most : number of processes; None for one per core
    """
    if executor is not None:
        yield executor
        return
    # Fresh processes: a fork would copy the locks of whatever threads are running here.
    with _Pool(
        max(1, min(jobs, most or os.cpu_count() or 1)),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_settle,
    ) as pool:
        yield pool


class _Pool(ProcessPoolExecutor):
    """Processes that no signal ends while they start.

    One that dies takes all jobs with it, and where some of them were called off before, the
    thread that manages the pool dies too, and the program waits for it for ever.
    """

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Start a process, if one is needed, that has signals wait until :func:`_settle`."""
        if not hasattr(signal, "pthread_sigmask"):  # Windows
            return super().submit(fn, *args, **kwargs)
        # Its start lets signals through again, so it must not be between here and the new process.
        resource_tracker.ensure_running()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            return super().submit(fn, *args, **kwargs)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _settle() -> None:
    """Leave signals to the run, since a worker without one must not die of them; end with the parent."""
    for name in _SIGNALS:
        signal.signal(name, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    threading.Thread(target=_outlived, daemon=True).start()


def _outlived() -> None:
    """End this process when its parent is gone: nobody waits for it, and it hears no signal."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def run_side_by_side(
    function: Callable[..., T],
    jobs: Sequence[tuple[Any, ...]],
    pool: Executor,
    ended: Callable[[int, T], None] = lambda place, value: None,
) -> tuple[list[T | None], bool]:
    """Return what a function gives for each job, in the order of the jobs, and whether it was stopped.

    The first failure, Ctrl-C or SIGTERM calls off the jobs that have not begun and asks those of other
    processes that have to end early.

    Parameters
    ----------
    function : of the values of one job; of a module, so that other processes find it
    jobs : values for each call
    pool : what runs them
    ended : called with place and value of each job, in the order in which they end

    Returns
    -------
    values, None for jobs that were called off; whether a signal came
    """
    with stop_signals() as stop:
        futures = [pool.submit(function, *job) for job in jobs]
        place = {future: number for number, future in enumerate(futures)}
        left = set(futures)
        while left:
            done, left = wait(left, timeout=0.2, return_when=FIRST_COMPLETED)
            sound = [it for it in done if not it.cancelled() and it.exception() is None]
            for future in sorted(sound, key=place.__getitem__):
                ended(place[future], future.result())
            if stop.asked or any(it.exception() for it in done if not it.cancelled()):
                left = _call_off(left)
    _raise_first(futures, bool(stop.asked))
    whole = [not it.cancelled() and it.exception() is None for it in futures]
    values = [it.result() if kept else None for it, kept in zip(futures, whole, strict=True)]
    return values, bool(stop.asked)


def _raise_first(futures: Iterable[Future[Any]], stopped: bool) -> None:
    errors = [it.exception() for it in futures if not it.cancelled()]
    # A process of somebody else's pool that was asked to end before it could listen takes the others
    # down with it; what went wrong before that is what to tell.
    real = [it for it in errors if it is not None and not isinstance(it, BrokenExecutor)]
    broken = [it for it in errors if isinstance(it, BrokenExecutor) and not stopped]
    for error in (*real, *broken):
        raise error


def _call_off(left: set[Future[T]]) -> set[Future[T]]:
    """Cancel what has not begun, ask what has to end early; return the latter."""
    begun = {it for it in left if not it.cancel()}
    for child in multiprocessing.active_children():
        if child.pid is not None:
            os.kill(child.pid, signal.SIGTERM)
    return begun
