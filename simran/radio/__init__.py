"""Formulas of the air: what a part of a cell's band carries."""

from simran.radio.spectrum import log2_snr, part_for_rate, part_rate, rate_on_part

__all__ = ["log2_snr", "part_for_rate", "part_rate", "rate_on_part"]
