"""Weight statistics of real checkpoints, read without running anything of them; model profiles."""

from simran.calibration.blocks import Block, Blocks, read_blocks
from simran.calibration.calibrate import Calibration, calibrate
from simran.calibration.folder import claim_folder, write_calibration
from simran.calibration.read import read_tensors
from simran.calibration.statistics import Curve, Layer, Statistics, statistics
from simran.calibration.tensors import Tensor

__all__ = [
    "Block",
    "Blocks",
    "Calibration",
    "Curve",
    "Layer",
    "Statistics",
    "Tensor",
    "calibrate",
    "claim_folder",
    "read_blocks",
    "read_tensors",
    "statistics",
    "write_calibration",
]
