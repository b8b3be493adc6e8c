"""Speak the sentences that the Whisper study listens to: benchmarks/data/speech/speech.flac.

    apt-get install flite
    python benchmarks/make_speech.py

Flite reads the first 112 sentences of benchmarks/data/speech/sentences.txt, half of them in each of two
voices. Of the voices of Flite and eSpeak NG these are the two that the unquantized model understands
best; they were chosen before anything was quantized. The samples, at 16 kHz, are brought to 12
bits, which FLAC keeps exactly; beside them lies how many belong to each sentence. Another version of
Flite speaks otherwise, so the committed file is what the figures belong to.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

HOME = Path(__file__).parent / "data" / "speech"
SENTENCES, AUDIO, INDEX = HOME / "sentences.txt", HOME / "speech.flac", HOME / "speech.json"
RATE = 16_000
COUNT = 112
VOICES = ("slt", "rms")
#: Bits of a sample that are thrown away: 12 are left, with a noise 74 dB below full scale.
_DROPPED = 4


@dataclass(frozen=True)
class Utterance:
    """A sentence as it is spoken; ``samples`` between −1 and 1 at 16 kHz."""

    name: str
    text: str
    samples: NDArray[np.float32]


def sentences() -> list[tuple[str, str]]:
    """Return name and text of each sentence."""
    lines = SENTENCES.read_text(encoding="utf-8").splitlines()[:COUNT]
    return [(name, text) for name, text in (it.split(" ", 1) for it in lines)]


def voice(number: int) -> str:
    """Return the voice that a sentence is spoken in."""
    return VOICES[number * len(VOICES) // COUNT]


def utterances() -> list[Utterance]:
    """Return the committed speech.

    Raises
    ------
    ValueError
        if the audio does not fit the sentences
    """
    import soundfile

    lengths = json.loads(INDEX.read_text(encoding="utf-8"))["samples"]
    samples, rate = soundfile.read(AUDIO, dtype="float32")
    texts = sentences()
    if rate != RATE or sum(lengths) != len(samples) or len(lengths) != len(texts):
        raise ValueError(f"{AUDIO} does not fit {INDEX} and {SENTENCES}: run make_speech.py again")
    pieces = np.split(samples, np.cumsum(lengths)[:-1])
    return [Utterance(name, text, it) for (name, text), it in zip(texts, pieces, strict=True)]


def spoken(text: str, voice: str) -> NDArray[np.int16]:
    """Return what Flite makes of a sentence.

    Raises
    ------
    ValueError
        if the voice has another rate than 16 kHz
    """
    import soundfile

    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "spoken.wav"
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(made)], check=True)
        samples, rate = soundfile.read(made, dtype="int16")
    if rate != RATE:
        raise ValueError(f"voice {voice} must speak at {RATE} Hz, got {rate}")
    return (samples >> _DROPPED) << _DROPPED


def main() -> None:
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    import soundfile

    version = subprocess.run(["flite", "--version"], check=False, capture_output=True, text=True)
    (made_by,) = [it for it in version.stdout.splitlines() if "version" in it]
    made = [spoken(text, voice(k)) for k, (_, text) in enumerate(sentences())]
    soundfile.write(AUDIO, np.concatenate(made), RATE, subtype="PCM_16", compression_level=1.0)
    record = {
        "made_by": made_by.strip(),
        "voices": list(VOICES),
        "rate_hz": RATE,
        "samples": [len(it) for it in made],
    }
    INDEX.write_text(json.dumps(record) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
