from __future__ import annotations

import pytest

from simran.distortion import quantizer_label


@pytest.mark.parametrize(
    ("arguments", "label"),
    [
        (("uniform",), "uniform"),
        (("uniform", "row"), "uniform per row"),
        (("power-of-two", 64), "power-of-two per group of 64"),
        (("uniform", "tensor", "mse"), "uniform, clipped by mse"),
        (("integer", "row", "mse"), "integer per row, clipped by mse"),
    ],
)
def test_a_label_tells_kind_scale_and_clip(arguments: tuple[str, ...], label: str) -> None:
    assert quantizer_label(*arguments) == label


def test_what_no_quantizer_has_is_refused() -> None:
    with pytest.raises(ValueError, match="per must be tensor, row or a group"):
        quantizer_label("uniform", "column")
    with pytest.raises(ValueError, match="clip must be one of mae"):
        quantizer_label("uniform", "row", "max")
