"""A checkpoint on disk: parts of it, checked against its length and mapped in small windows.

Mapped pages count as memory of the process, so a window is as large as a piece and goes with it. A mapped
file that another program shortens ends the process with a bus error, so the length is looked up before
each window, of which a copy is made at once.
"""

from __future__ import annotations

import mmap
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import NoReturn

from simran.errors import InputError, shown

__all__ = ["PIECE", "CheckpointFile", "Span"]

#: Bytes that are read at a time, a multiple of every element's size.
PIECE = 1 << 18


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of a file from ``start`` up to but without ``end``."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """Number of bytes."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class CheckpointFile:
    """A regular file and its length.

    Parameters
    ----------
    path : of the file
    size : bytes
    """

    path: Path
    size: int

    @classmethod
    def open(cls, path: Path) -> CheckpointFile:
        """Return the file if it can be read.

        Raises
        ------
        InputError
            if it is missing, no regular file, or may not be read
        """
        called = str(path) if str(path).isprintable() else shown(str(path))
        try:
            with _handle(path) as handle:
                status = os.fstat(handle.fileno())
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise InputError(f"{called}: cannot be read: {reason}") from error
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{called}: is no regular file; give the file of the checkpoint")
        return cls(path, status.st_size)

    def refuse(self, message: str, mend: str = "") -> NoReturn:
        """Raise the one line that names the file, what is wrong and how to mend it."""
        called = str(self.path) if str(self.path).isprintable() else shown(str(self.path))
        raise InputError(f"{called}: {message}" + (f"; {mend}" if mend else ""))

    def read(self, span: Span) -> bytes:
        """Return a short part of the file.

        Raises
        ------
        InputError
            if the file ends before it
        """
        return b"".join(self.pieces([span]))

    def pieces(self, spans: Sequence[Span]) -> Iterator[bytes]:
        """Yield parts of the file in pieces of at most :data:`PIECE` bytes."""
        try:
            with _handle(self.path) as handle:
                number = handle.fileno()
                for span in spans:
                    for at in range(span.start, span.end, PIECE):
                        end = min(at + PIECE, span.end)
                        if os.fstat(number).st_size < end:
                            self.refuse("ends before its tensors do", "copy the file again")
                        yield _window(number, at, end)
        except OSError as error:
            self.refuse(f"cannot be read: {error.strerror}")

    def stream(self, spans: Sequence[Span]) -> Callable[[], Iterator[bytes]]:
        """Return a function that yields the parts anew with each call."""
        kept = tuple(spans)
        return lambda: self.pieces(kept)


def _window(number: int, start: int, end: int) -> bytes:
    """Return bytes of an open file by way of a map of them alone."""
    first = start - start % mmap.ALLOCATIONGRANULARITY
    with mmap.mmap(number, end - first, access=mmap.ACCESS_READ, offset=first) as window:
        return window[start - first : end - first]


def _handle(path: Path) -> FileIO:
    # A pipe without a writer would block an ordinary open.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    number = os.open(path, flags)
    try:
        return FileIO(number, "rb")
    except BaseException:
        with suppress(OSError):
            os.close(number)
        raise
