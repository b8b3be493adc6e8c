"""The command line: reads arguments, calls the library, prints what it returns."""

from simran.cli import (  # noqa: F401 - to be registered
    allocators,
    catalogue,
    checkpoints,
    runs,
    studies,
)
from simran.cli.root import app, main

__all__ = ["app", "main"]
