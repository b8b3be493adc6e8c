"""The devices of the catalogue, and modes: sets of keys of which one is in force."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from toy import toy

from simran.compute import PowerLaw, PowerStates, Processor
from simran.errors import ScenarioError
from simran.scenario import Scenario, load

MODES = {
    "15W": (3, 408e6, 5.2),
    "30W": (4, 612e6, 7.6),
    "50W": (8, 816e6, 18.4),
    "MAXN": (8, 1300.5e6, 40.4),
}


def _scenario(device: dict[str, Any]) -> Scenario:
    document = toy()
    document["devices"]["edge"] = device
    return load(document)


def _server(**device: Any) -> Processor:
    return next(iter(_scenario(device).servers.values())).processor


def _faults(device: dict[str, Any]) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        _scenario(device)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize("mode", MODES)
def test_orin_s_modes_are_measured_at_their_top_and_fitted_below(mode: str) -> None:
    clusters, top_hz, top_w = MODES[mode]
    processor = _server(profile="jetson-agx-orin-64gb", mode=mode)
    assert processor.f_max_hz == top_hz
    assert processor.flops_per_cycle == clusters * 256 * 2
    assert processor.memory_bytes == 64e9
    power = processor.power
    assert isinstance(power, PowerStates)
    assert power.busy_w[-1] == top_w
    for clock_hz, busy_w in zip(power.frequencies_hz[:-1], power.busy_w[:-1], strict=True):
        fitted = 3.85 + 2.64 * clusters * (clock_hz / 1e9) ** 2.1
        assert busy_w == pytest.approx(fitted, abs=0.005)
    fitted = 3.85 + 2.64 * clusters * (top_hz / 1e9) ** 2.1
    assert fitted == pytest.approx(top_w, rel=0.042)
    assert list(power.busy_w) == sorted(power.busy_w)


def test_orin_starts_in_30_w_and_peaks_at_5_33_tflops() -> None:
    assert _server(profile="jetson-agx-orin-64gb").f_max_hz == 612e6
    top = _server(profile="jetson-agx-orin-64gb", mode="MAXN")
    assert top.f_max_hz * top.flops_per_cycle == pytest.approx(5.33e12, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "tflops", "watts"), [("rtx-3090", 35.6, 350.0), ("xeon-6246r", 3.482, 205.0)]
)
def test_servers_draw_their_rated_power_at_their_rated_clock(
    name: str, tflops: float, watts: float
) -> None:
    processor = _server(profile=name)
    law = processor.power
    assert isinstance(law, PowerLaw)
    peak = processor.f_max_hz * processor.flops_per_cycle
    assert peak == pytest.approx(tflops * 1e12, rel=1e-3)
    busy_w = law.static_w + law.dynamic_w(processor.f_max_hz)
    assert busy_w == pytest.approx(watts, rel=1e-4)
    assert law.idle_w <= law.static_w


def test_what_the_scenario_says_wins_over_the_mode_and_the_mode_over_the_profile() -> None:
    processor = _server(profile="jetson-agx-orin-64gb", mode="MAXN", flops_per_cycle=800)
    assert processor.flops_per_cycle == 800
    assert processor.f_max_hz == 1300.5e6


def test_a_file_of_one_s_own_may_have_modes(tmp_path: Path) -> None:
    (tmp_path / "board.yaml").write_text(
        "f_max: 2 GHz\nflops_per_cycle: 8\npower: {dynamic: 1e-27, idle: 1 W}\nmode: full\n"
        "modes: {eco: {f_max: 1 GHz, power: {idle: 0.5 W}}, full: {}}\n"
    )
    full = _server(profile=str(tmp_path / "board.yaml"))
    eco = _server(profile=str(tmp_path / "board.yaml"), mode="eco")
    assert (full.f_max_hz, full.power.idle_at_w(1e9)) == (2e9, 1.0)
    assert (eco.f_max_hz, eco.power.idle_at_w(1e9)) == (1e9, 0.5)
    assert eco.power.dynamic_w(1e9) == full.power.dynamic_w(1e9)


def test_a_device_in_the_scenario_may_have_modes() -> None:
    modes = {"eco": {"f_max": "1 GHz"}, "full": {"f_max": "3 GHz"}}
    device = {"flops_per_cycle": 4, "power": {"dynamic": 1e-27}, "modes": modes}
    assert _server(**device, mode="eco").f_max_hz == 1e9
    assert _server(**device, mode="full").f_max_hz == 3e9
    extra = {"slow": {"states": [{"frequency": "100 MHz", "busy": "4 W", "idle": "3 W"}]}}
    slow = _server(profile="jetson-agx-orin-64gb", mode="slow", modes=extra, flops_per_cycle=9)
    assert slow.f_max_hz == 1e8


def test_a_mode_that_does_not_exist_suggests_the_nearest() -> None:
    (fault,) = _faults({"profile": "jetson-agx-orin-64gb", "mode": "MAXM"})
    assert "devices.edge.mode" in fault
    assert "there is no mode 'MAXM'" in fault
    assert "did you mean 'MAXN'?" in fault


def test_a_mode_needs_modes_and_modes_a_mode() -> None:
    (fault,) = _faults({"profile": "paper-server", "mode": "eco"})
    assert "devices.edge.mode: this device has no modes" in fault
    modes = {"eco": {"f_max": "1 GHz"}}
    (fault,) = _faults({"flops_per_cycle": 4, "power": {"dynamic": 1e-27}, "modes": modes})
    assert "devices.edge.modes: needs mode" in fault
    assert "eco" in fault


def test_faults_of_every_mode_are_found_once_with_their_place(tmp_path: Path) -> None:
    file = tmp_path / "board.yaml"
    file.write_text(
        "flops_per_cycle: 8\npower: {dynamic: 1e-27}\nmode: one\nmodes:\n"
        "  one: {f_max: 1 GHz, flps: 3}\n"
        "  two:\n    states: [{frequency: 1 GHz, busy: 1 W, idle: 3 W}]\n"
    )
    faults = _faults({"profile": str(file)})
    assert len(faults) == 2
    assert f"{file}:5:23" in faults[0]
    assert "unknown key 'flps'" in faults[0]
    assert f"{file}:7:33" in faults[1]
    assert "devices.edge.modes.two.states[0].busy" in faults[1]


@pytest.mark.parametrize(
    ("frames", "fault"),
    [
        (0, "models.m.frames: expected at least 1, found 0"),
        (2, "models.m.frames: no block of this model says what several frames cost"),
        (1.5, "models.m.frames: expected a whole number"),
    ],
)
def test_frames_need_a_model_that_knows_them(frames: float, fault: str) -> None:
    document = toy()
    document["models"]["m"]["frames"] = frames
    with pytest.raises(ScenarioError) as caught:
        load(document)
    assert fault in str(caught.value)


def test_a_model_of_one_s_own_may_take_frames() -> None:
    document = toy()
    head, body, _ = document["models"]["m"]["blocks"]
    head["per_frame"] = True
    body["flops"] = {"base": "1 GFLOP", "per_frame_squared": "2 GFLOP"}
    document["models"]["m"]["frames"] = 3
    model = load(document).models["m"]
    assert [block.flops for block in model.blocks] == [12e9, 19e9, 2e9]
    assert [block.output_bits for block in model.blocks] == [6e6, 1e6, 1e3]
    assert model.input_bits == 3e6


def test_flops_by_frames_are_checked() -> None:
    document = toy()
    blocks = document["models"]["m"]["blocks"]
    blocks[0] |= {"per_frame": True, "flops": {"base": 1e9}}
    blocks[1]["flops"] = {"base": -1}
    blocks[2]["flops"] = {"per_frames": 1e9}
    with pytest.raises(ScenarioError) as caught:
        load(document)
    text = str(caught.value)
    assert "blocks[1].flops" in text
    assert "unknown key 'per_frames'" in text
    assert "did you mean 'per_frame'?" in text
    blocks[1]["flops"], blocks[2]["flops"] = 1e9, 1e9
    with pytest.raises(ScenarioError, match="has the FLOP of one frame"):
        load(document)
