"""Rate-distortion functions, quantizers as they are, pruning, output-error bounds."""

from simran.distortion.blahut import blahut_arimoto
from simran.distortion.clipping import CLIP_RULES, Clip
from simran.distortion.code_books import CODE_BOOKS, MOST_BITS, law_levels, level_ratios
from simran.distortion.expected import (
    ExpectedErrors,
    Exponential,
    expected_errors,
    law_lower,
    most_bits,
)
from simran.distortion.generalised_normal import SHAPES, GeneralisedNormal, fit_generalised_normal
from simran.distortion.labels import quantizer_label
from simran.distortion.law_error import (
    LawFit,
    compare_laws,
    law_distortion,
    law_pruning,
)
from simran.distortion.lloyd import code_book_error, lloyd_iteration, optimal_levels, quantize
from simran.distortion.output_bound import output_error_bound
from simran.distortion.packing import pack, packed_bytes, unpack
from simran.distortion.power_of_two import (
    power_of_two_error,
    power_of_two_levels,
    power_of_two_top,
)
from simran.distortion.pruned import pruned_errors, pruning_loss
from simran.distortion.pruning import pruning_distortion
from simran.distortion.quantizer import Encoded, Quantizer
from simran.distortion.quantizers import QUANTIZERS, bounds, expected_distortion
from simran.distortion.rates import (
    exact_sign_magnitude,
    exponential_channel,
    laplace_channel,
    scalar_optimal,
    shannon_lower,
    shifted_exponential_channel,
)
from simran.distortion.sampled import DistortionRate, distortion_rate
from simran.distortion.scaled_book import level_error
from simran.distortion.scheme import KINDS, Scheme
from simran.distortion.sparsity import Kept, Pruning
from simran.distortion.uniform import uniform_error, uniform_levels, uniform_step

__all__ = [
    "CLIP_RULES",
    "CODE_BOOKS",
    "KINDS",
    "MOST_BITS",
    "QUANTIZERS",
    "SHAPES",
    "Clip",
    "DistortionRate",
    "Encoded",
    "ExpectedErrors",
    "Exponential",
    "GeneralisedNormal",
    "Kept",
    "LawFit",
    "Pruning",
    "Quantizer",
    "Scheme",
    "blahut_arimoto",
    "bounds",
    "code_book_error",
    "compare_laws",
    "distortion_rate",
    "exact_sign_magnitude",
    "expected_distortion",
    "expected_errors",
    "exponential_channel",
    "fit_generalised_normal",
    "laplace_channel",
    "law_distortion",
    "law_levels",
    "law_lower",
    "law_pruning",
    "level_error",
    "level_ratios",
    "lloyd_iteration",
    "most_bits",
    "optimal_levels",
    "output_error_bound",
    "pack",
    "packed_bytes",
    "power_of_two_error",
    "power_of_two_levels",
    "power_of_two_top",
    "pruned_errors",
    "pruning_distortion",
    "pruning_loss",
    "quantize",
    "quantizer_label",
    "scalar_optimal",
    "shannon_lower",
    "shifted_exponential_channel",
    "uniform_error",
    "uniform_levels",
    "uniform_step",
    "unpack",
]
