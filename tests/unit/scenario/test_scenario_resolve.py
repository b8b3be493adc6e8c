"""What a sound scenario means: defaults, derived numbers, notes, quality curves."""

from __future__ import annotations

import math
from typing import Any

import pytest
from toy import toy

from simran.compute import PowerStates
from simran.distortion import Scheme
from simran.engine import run
from simran.errors import ScenarioError
from simran.scenario import load


def _faults(document: dict[str, Any]) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        load(document)
    return [str(fault) for fault in caught.value.faults]


def test_everything_left_out_takes_its_default() -> None:
    document = toy(seed=None, allocator=None, outputs=None)
    document["agents"]["a"] = {"device": "robot", "model": "m", "arrivals": {"rate": 1}}
    document["network"]["links"] = [{"between": ["cell", "server"]}]
    document["models"]["m"].pop("split")
    document["models"]["m"].pop("bits")
    scenario = load(document)
    group, model, server = scenario.groups["a"], scenario.models["m"], scenario.servers["server"]
    assert (scenario.seed, scenario.warmup_s, scenario.description) == (0, 0.0, "")
    assert (group.count, group.weight, group.placement) == (1, 1.0, "co-inference")
    assert (group.transmit_w, group.on_violation) == (0.0, "degrade")
    assert (group.delay_budget_s, group.energy_budget_j) == (math.inf, math.inf)
    assert group.arrivals.process == "poisson"
    assert (model.bits, model.split) == (tuple(range(1, 17)), "auto")
    assert model.quantizer == Scheme("lloyd-max", "tensor", "mae")
    assert (model.reference_bits, model.output_coefficient) == (32.0, 1.0)
    assert (model.size.law, model.size.shared, model.quality) == ("constant", True, None)
    assert (server.discipline, server.workers, server.partition) == ("fifo", 1, "space")
    assert (scenario.links[0].rate_bps, scenario.links[0].delay_s) == (math.inf, 0.0)
    assert (scenario.allocator.name, scenario.allocator.every) == ("exact", "once")
    assert (scenario.allocator.headroom, scenario.allocator.select) == (0.0, "min-energy")
    assert (scenario.outputs.requests, scenario.outputs.allocations) == (True, True)
    assert scenario.outputs.timeseries_s == 0.0
    processor = server.processor
    assert (processor.memory_bytes, processor.frequencies_hz) == (math.inf, None)
    assert (processor.switching_delay_s, processor.switching_energy_j) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("given", "bits"),
    [
        ({"min": 2, "max": 4}, (2, 3, 4)),
        ({"min": 15}, (15, 16)),
        ({"max": 2}, (1, 2)),
        ([1, 4, 32], (1, 4, 32)),
        (8, (8,)),
        ("8", (8,)),
    ],
)
def test_bit_widths(given: Any, bits: tuple[int, ...]) -> None:
    assert load(toy(models__m__bits=given)).models["m"].bits == bits


@pytest.mark.parametrize(
    "given",
    [
        [],
        {},
        {"min": 0},
        {"min": 5, "max": 4},
        {"max": 65},
        {"mn": 1},
        [4, 4],
        [8, 4],
        [2.5],
        "few",
        None,
    ],
)
def test_what_are_no_bit_widths(given: Any) -> None:
    document = toy()
    document["models"]["m"]["bits"] = given
    if given == {}:
        assert load(document).models["m"].bits == tuple(range(1, 17))
        return
    faults = _faults(document)
    assert len(faults) == 1
    assert faults[0].startswith("models.m.bits: expected ")


def test_states_make_a_processor() -> None:
    states = [
        {"frequency": "1 GHz", "busy": "5 W", "idle": "1 W"},
        {"frequency": "2 GHz", "busy": "9 W"},
    ]
    document = toy(devices__edge={"flops_per_cycle": 16, "states": states, "pue": 1.5})
    processor = load(document).servers["server"].processor
    assert isinstance(processor.power, PowerStates)
    assert (processor.f_max_hz, processor.frequencies_hz) == (2e9, (1e9, 2e9))
    assert (processor.pue, processor.power.idle_at_w(2e9)) == (1.5, 0.0)
    document["devices"]["edge"]["f_max"] = "2 GHz"
    assert load(document).servers["server"].processor == processor


def test_the_highest_step_is_the_highest_clock() -> None:
    slow, fast = (
        load(toy(devices__edge__frequencies=["1 GHz", "2 GHz"], devices__edge__f_max=it))
        for it in ("2 GHz", "9 GHz")
    )
    assert fast.servers["server"].processor.f_max_hz == 2e9
    assert fast.servers["server"].processor == slow.servers["server"].processor


@pytest.mark.parametrize(
    ("path", "word", "mend"),
    [
        (("allocator",), "exact", "(write {name: exact})"),
        (("agents", "a", "arrivals"), "poisson", "(write {process: poisson})"),
        (("models", "m", "size"), "gamma", "(write {law: gamma})"),
    ],
)
def test_a_word_in_the_place_of_a_mapping(path: tuple[str, ...], word: str, mend: str) -> None:
    (fault,) = _faults(toy(**{"__".join(path): word}))
    assert fault == f"{'.'.join(path)}: expected a mapping of keys, found {word!r} {mend}"


def test_pue_may_stand_with_the_power_or_the_device() -> None:
    assert load(toy()).servers["server"].processor.pue == 1.2
    assert load(toy(devices__edge__pue=1.4)).servers["server"].processor.pue == 1.4


def test_a_bare_name_means_its_last_block() -> None:
    document = toy(models__m__split="encoder")
    for block, name in zip(
        document["models"]["m"]["blocks"], ["encoder/1", "encoder/2", "decoder"], strict=True
    ):
        block["name"] = name
    assert load(document).models["m"].split == "encoder/2"
    document["models"]["m"]["split"] = "encoder/1"
    assert load(document).models["m"].split == "encoder/1"
    document["models"]["m"]["split"] = "auto"
    assert load(document).models["m"].split == "auto"


def test_quality_curves_are_sorted_and_named_by_block() -> None:
    quality = {
        "metric": "CIDEr",
        "quantizer": "uniform",
        "curves": {"encoder": {"16": 1.2, "4": 0, "8": "1.1"}, "decoder": {8: 1.3}},
    }
    document = toy(models__m__split="encoder", models__m__quality=quality)
    for block, name in zip(
        document["models"]["m"]["blocks"], ["encoder/1", "encoder/2", "decoder"], strict=True
    ):
        block["name"] = name
    curve = load(document).models["m"].quality
    assert curve is not None
    assert curve.points == {
        "encoder/2": ((4.0, 0.0), (8.0, 1.1), (16.0, 1.2)),
        "decoder": ((8.0, 1.3),),
    }
    assert curve.reference == 1.3, "the best that was measured at the widest bits"
    quality["reference"] = 1.5
    assert load(document).models["m"].quality.reference == 1.5  # type: ignore[union-attr]
    quality["curves"]["encoder/2"] = {4: 1}  # type: ignore[index]
    assert _faults(document) == [
        "models.m.quality.curves.encoder/2: split point 'encoder/2' has two curves"
    ]


@pytest.mark.parametrize(
    "curve", [{}, [], 5, {"four": 1}, {0: 1}, {65: 1}, {4: "high"}, {4: math.nan}]
)
def test_what_is_no_curve(curve: Any) -> None:
    quality = {"metric": "CIDEr", "quantizer": "uniform", "curves": {"head": curve}}
    faults = _faults(toy(models__m__quality=quality))
    assert len(faults) == 1
    assert faults[0].startswith("models.m.quality.curves.head: expected ")


def test_quality_without_any_curve() -> None:
    quality = {"metric": "CIDEr", "quantizer": "uniform", "curves": {}}
    assert _faults(toy(models__m__quality=quality)) == [
        "models.m.quality.curves: expected at least 1, found 0"
    ]


def test_elements_are_sent_at_the_bits_of_features() -> None:
    document = toy(models__m__feature_bits=8)
    document["models"]["m"]["blocks"][0]["output"] = {"elements": 1000}
    assert load(document).models["m"].blocks[0].output_bits == 8000.0


def test_weights_of_a_block_go_before_those_of_the_model() -> None:
    document = toy()
    document["models"]["m"]["blocks"][1]["weights"] = {"rate": 77}
    assert [block.rate for block in load(document).models["m"].blocks] == [10.0, 77.0, 10.0]


@pytest.mark.parametrize(
    ("every", "name", "period"),
    [("once", "once", None), ("per-request", "per-request", None), ("500 ms", "periodic", 0.5)],
)
def test_when_the_allocator_decides(every: str, name: str, period: float | None) -> None:
    spec = load(toy(allocator__every=every)).allocator
    assert spec.every == name
    assert spec.period_s == period if period else math.isnan(spec.period_s)


def test_notes_tell_what_a_reader_must_know(tmp_path: Any) -> None:
    (tmp_path / "s.csv").write_text("size\n1\n3\n")
    size = {"law": "trace", "file": str(tmp_path / "s.csv"), "column": "size"}
    document = toy(
        agents__a__transmit=None,
        models__m__size=size,
        network__servers__server={
            "device": "edge",
            "discipline": "allocated",
            "partition": "clock",
        },
    )
    notes = "\n".join(load(document).notes)
    for words in ("no transmit power is given", "divided by their mean", "energy for free"):
        assert words in notes
    assert "no transmit power" not in "\n".join(load(toy()).notes)
    document = toy(agents__a__transmit=None, network__cells__cell__channel__rate="unlimited")
    assert "no transmit power" not in "\n".join(load(document).notes)


def test_a_block_without_parameters_runs() -> None:
    document = toy(duration=40, models__m__split="head")
    document["models"]["m"]["blocks"][0]["parameters"] = 0
    result = run(load(document))
    assert (result.requests["distortion"] == 0).all(), "nothing is quantized"
    document["models"]["m"]["split"] = "body"
    assert (run(load(document)).requests["distortion"] > 0).all()


def test_requests_may_have_a_warmup_of_any_length() -> None:
    scenario = load(toy(duration=None, requests=40, warmup="10 s"))
    assert (scenario.requests, scenario.warmup_s, scenario.duration_s) == (40, 10.0, None)
    requests = run(scenario).requests
    assert (requests["status"] == "completed").sum() == 40
    assert requests["in_warmup"].sum() == (requests["arrival_s"] < 10).sum() > 0
    assert load(toy(duration=None, requests=4, warmup=1e6)).warmup_s == 1e6
    assert _faults(toy(warmup=200.0)) == [
        "warmup: expected less than the duration, found 200 s, which is no less than 200 s"
    ]


def test_words_and_pairs_that_look_like_numbers_stay_words() -> None:
    scenario = load(toy(name="off", description="1:30"))
    assert (scenario.name, scenario.description) == ("off", "1:30")
    assert load(toy(devices__robot__power__dynamic="1e-28")).groups["a"].processor.power.dynamic_w(
        1e9
    ) == pytest.approx(0.1)


def test_what_gives_no_sources_is_named() -> None:
    document = toy()
    (note,) = (it for it in load(document).notes if "no sources" in it)
    assert "models.m, devices.robot, devices.edge" in note
    made_up = {"kind": "assumed", "source": "made up"}
    document["models"]["m"]["provenance"] = {"parameters": made_up}
    for name in ("robot", "edge"):
        document["devices"][name]["provenance"] = {"f_max": made_up}
    assert not any("no sources" in it for it in load(document).notes)


def test_less_power_at_work_than_idle_is_named() -> None:
    power = {"dynamic": 1e-27, "static": "1 W", "idle": "2 W"}
    notes = load(toy(devices__robot__power=power)).notes
    assert any("devices.robot" in it and "less than the 2 W of an idle one" in it for it in notes)
    assert not any("idle one" in it for it in load(toy()).notes)


def test_a_band_and_what_its_rate_says_of_the_signal() -> None:
    plain = load(toy())
    assert math.isnan(plain.cells["cell"].bandwidth_hz)
    cell = {"channel": {"rate": "20 Mbit/s"}, "sharing": "frequency", "bandwidth": "5 MHz"}
    scenario = load(toy(network__cells__cell=cell))
    found = scenario.cells["cell"]
    assert (found.sharing, found.bandwidth_hz, found.rate_bps) == ("frequency", 5e6, 20e6)
    (note,) = set(scenario.notes) - set(plain.notes)
    assert "20 Mbit/s in 5 MHz are 4 bit/s/Hz, an SNR of 11.8 dB" in note
    assert load(toy(network__cells__cell__bandwidth=None)).cells == plain.cells
