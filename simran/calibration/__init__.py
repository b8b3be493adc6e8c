"""Weight statistics of real checkpoints, read without running anything of them."""

from simran.calibration.read import read_tensors
from simran.calibration.statistics import Curve, Layer, Statistics, statistics
from simran.calibration.tensors import Tensor

__all__ = ["Curve", "Layer", "Statistics", "Tensor", "read_tensors", "statistics"]
