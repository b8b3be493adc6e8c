"""Rate-distortion functions, quantizers as they are, pruning, output-error bounds."""

from simran.distortion.blahut import blahut_arimoto
from simran.distortion.lloyd import code_book_error, lloyd_iteration, optimal_levels, quantize
from simran.distortion.output_bound import output_error_bound
from simran.distortion.power_of_two import (
    power_of_two_error,
    power_of_two_levels,
    power_of_two_top,
)
from simran.distortion.pruning import pruning_distortion
from simran.distortion.quantizers import QUANTIZERS, bounds, expected_distortion
from simran.distortion.rates import (
    exact_sign_magnitude,
    exponential_channel,
    laplace_channel,
    scalar_optimal,
    shannon_lower,
    shifted_exponential_channel,
)
from simran.distortion.uniform import uniform_error, uniform_levels, uniform_step

__all__ = [
    "QUANTIZERS",
    "blahut_arimoto",
    "bounds",
    "code_book_error",
    "exact_sign_magnitude",
    "expected_distortion",
    "exponential_channel",
    "laplace_channel",
    "lloyd_iteration",
    "optimal_levels",
    "output_error_bound",
    "power_of_two_error",
    "power_of_two_levels",
    "power_of_two_top",
    "pruning_distortion",
    "quantize",
    "scalar_optimal",
    "shannon_lower",
    "shifted_exponential_channel",
    "uniform_error",
    "uniform_levels",
    "uniform_step",
]
