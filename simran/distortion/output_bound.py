"""From weight errors to output errors: a rigorous bound for dense networks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["output_error_bound"]


def output_error_bound(
    weights: Sequence[ArrayLike], quantized: Sequence[ArrayLike], input_norm: float
) -> float:
    """Return the largest output error of a dense network whose weights are quantized.

    For layers with 1-Lipschitz activations that vanish at 0 the error is at most ``‖x‖ Σ_l (Π_{j>l}
    ‖W_j‖) ‖W_l − Ŵ_l‖ (Π_{j<l} ‖Ŵ_j‖)``: swapping in one quantized layer after the other, the layers
    before the swap are quantized already, those after it not yet.

    Parameters
    ----------
    weights, quantized : the matrices in order of use, (outputs, inputs) each
    input_norm : Euclidean norm of the input

    Raises
    ------
    ValueError
        if the two lists differ in number or shapes

    Examples
    --------
    >>> round(output_error_bound([[[1.0]], [[1.0]]], [[[1.1]], [[1.1]]], 1.0), 12)
    0.21
    """
    exact = [np.atleast_2d(np.asarray(matrix, dtype=float)) for matrix in weights]
    rounded = [np.atleast_2d(np.asarray(matrix, dtype=float)) for matrix in quantized]
    if [it.shape for it in exact] != [it.shape for it in rounded]:
        raise ValueError("quantized must have the shapes of weights, layer by layer")
    norms = [float(np.linalg.norm(it, 2)) for it in exact]
    rounded_norms = [float(np.linalg.norm(it, 2)) for it in rounded]
    total = 0.0
    for layer, (matrix, other) in enumerate(zip(exact, rounded, strict=True)):
        error = float(np.linalg.norm(matrix - other, 2))
        after, before = np.prod(norms[layer + 1 :]), np.prod(rounded_norms[:layer])
        total += float(after * error * before)
    return float(input_norm * total)
