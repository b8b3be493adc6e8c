"""Weight statistics of real checkpoints, read without running anything of them; model profiles."""

from simran.calibration.blocks import Block, Blocks, read_blocks
from simran.calibration.calibrate import Calibration, Choices, calibrate
from simran.calibration.coefficient import Coefficient, fit_coefficient
from simran.calibration.curves import Curve
from simran.calibration.dense import DenseNetwork
from simran.calibration.features import (
    FEATURE_BITS,
    FeaturePoint,
    measure_feature_bits,
    quantize_features,
)
from simran.calibration.folder import claim_folder, claimed_folder, write_calibration
from simran.calibration.intervals import Bootstrap, Estimate
from simran.calibration.knee import Knee, QualityCurve, find_knee, fit_curve, isotonic
from simran.calibration.network import (
    Metric,
    Network,
    Outputs,
    Replace,
    Weights,
    mean_figure,
    ratio_of_sums,
)
from simran.calibration.onnx_graph import OnnxGraph, OnnxWeight, read_graph
from simran.calibration.onnx_network import OnnxNetwork
from simran.calibration.output_distortion import (
    STUDY_BITS,
    Judge,
    OutputStudy,
    Point,
    Sweep,
    measure_output_distortion,
)
from simran.calibration.read import read_tensors
from simran.calibration.real_inputs import CURVE_OF, RealInputs, measure_model, read_arrays
from simran.calibration.setting import CALIBRATED, SETTINGS, Setting, setting_of, settings_of
from simran.calibration.statistics import Layer, Statistics, statistics
from simran.calibration.study import (
    FITTED_BITS,
    Findings,
    findings,
    pooled_coefficient,
    study_record,
)
from simran.calibration.tensors import Tensor

__all__ = [
    "CALIBRATED",
    "CURVE_OF",
    "FEATURE_BITS",
    "FITTED_BITS",
    "SETTINGS",
    "STUDY_BITS",
    "Block",
    "Blocks",
    "Bootstrap",
    "Calibration",
    "Choices",
    "Coefficient",
    "Curve",
    "DenseNetwork",
    "Estimate",
    "FeaturePoint",
    "Findings",
    "Judge",
    "Knee",
    "Layer",
    "Metric",
    "Network",
    "OnnxGraph",
    "OnnxNetwork",
    "OnnxWeight",
    "OutputStudy",
    "Outputs",
    "Point",
    "QualityCurve",
    "RealInputs",
    "Replace",
    "Setting",
    "Statistics",
    "Sweep",
    "Tensor",
    "Weights",
    "calibrate",
    "claim_folder",
    "claimed_folder",
    "find_knee",
    "findings",
    "fit_coefficient",
    "fit_curve",
    "isotonic",
    "mean_figure",
    "measure_feature_bits",
    "measure_model",
    "measure_output_distortion",
    "pooled_coefficient",
    "quantize_features",
    "ratio_of_sums",
    "read_arrays",
    "read_blocks",
    "read_graph",
    "read_tensors",
    "setting_of",
    "settings_of",
    "statistics",
    "study_record",
    "write_calibration",
]
