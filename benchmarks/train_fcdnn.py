"""Train FCDNN-16, a fully connected network of 16 layers, on the handwritten digits of scikit-learn.

1797 images of 8 × 8 pixels with values 0 to 16, from the test set of the Optical Recognition of
Handwritten Digits data (E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998), as
scikit-learn ships them: 1000 for training, 797 held out, drawn once by a fixed seed. No biases, so
that every layer is the matrix that the theory speaks of. Numpy only, double precision, Adam with a
fixed order of batches: on one thread of one machine the same bits each time, on another machine the
same to rounding at first; the committed file is what every study uses.

    OMP_NUM_THREADS=1 python benchmarks/train_fcdnn.py
"""

from __future__ import annotations

import argparse
import itertools
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LAYERS, WIDTH, CLASSES, PIXELS = 16, 128, 10, 64
TRAINED, SEED = 1000, 16
EPOCHS, BATCH, RATE, DECAY = 300, 50, 5e-4, 1e-4
HOME = Path(__file__).parent / "data" / "fcdnn-16.npz"


@dataclass(frozen=True)
class Digits:
    """Images between 0 and 1 and their classes, for training and held out."""

    images: Floats
    labels: NDArray[np.int64]
    held_images: Floats
    held_labels: NDArray[np.int64]


def digits() -> Digits:
    """Return the data in the split that every study uses."""
    from sklearn.datasets import load_digits

    data = load_digits()
    images, labels = data.data / 16.0, data.target.astype(np.int64)
    order = np.random.Generator(np.random.PCG64(SEED)).permutation(len(labels))
    first, rest = order[:TRAINED], order[TRAINED:]
    return Digits(images[first], labels[first], images[rest], labels[rest])


def forward(matrices: list[Floats], x: Floats) -> list[Floats]:
    """Return the input and what each layer makes of it, rectified but for the last."""
    held = [x]
    for layer, matrix in enumerate(matrices):
        scores = held[-1] @ matrix.T
        held.append(scores if layer == len(matrices) - 1 else np.maximum(scores, 0.0))
    return held


def gradients(matrices: list[Floats], x: Floats, labels: NDArray[np.int64]) -> list[Floats]:
    """Return the gradient of the mean cross-entropy with respect to each matrix."""
    held = forward(matrices, x)
    scores = held[-1] - held[-1].max(axis=1, keepdims=True)
    back = np.exp(scores)
    back /= back.sum(axis=1, keepdims=True)
    back[np.arange(len(labels)), labels] -= 1.0
    back /= len(labels)
    found = []
    for layer in reversed(range(len(matrices))):
        found.append(back.T @ held[layer])
        back = (back @ matrices[layer]) * (held[layer] > 0.0)
    return found[::-1]


@dataclass
class Training:
    """Adam (Kingma and Ba 2015) with decoupled decay of the weights and a cosine schedule."""

    data: Digits
    matrices: list[Floats] = field(default_factory=list)
    step: int = 0

    def __post_init__(self) -> None:
        self.generator = np.random.Generator(np.random.PCG64(SEED + 1))
        widths = [PIXELS, *[WIDTH] * (LAYERS - 1), CLASSES]
        self.matrices = [
            self.generator.normal(0.0, np.sqrt(2.0 / fan), (out, fan))
            for fan, out in itertools.pairwise(widths)
        ]
        self.means = [np.zeros_like(it) for it in self.matrices]
        self.squares = [np.zeros_like(it) for it in self.matrices]
        self.steps = EPOCHS * (TRAINED // BATCH)

    def epoch(self) -> None:
        """Go once through the images, each shifted by up to one pixel."""
        order = self.generator.permutation(TRAINED)
        shifts = self.generator.integers(-1, 2, size=(TRAINED, 2))
        for start in range(0, TRAINED, BATCH):
            chosen = order[start : start + BATCH]
            images = np.stack([_shifted(self.data.images[k], shifts[k]) for k in chosen])
            self._update(gradients(self.matrices, images, self.data.labels[chosen]))

    def _update(self, slopes: list[Floats]) -> None:
        self.step += 1
        rate = RATE * 0.5 * (1.0 + np.cos(np.pi * self.step / self.steps))
        for k, slope in enumerate(slopes):
            self.means[k] += 0.1 * (slope - self.means[k])
            self.squares[k] += 0.001 * (slope**2 - self.squares[k])
            along = self.means[k] / (1.0 - 0.9**self.step)
            wide = np.sqrt(self.squares[k] / (1.0 - 0.999**self.step)) + 1e-8
            self.matrices[k] -= rate * (along / wide + DECAY * self.matrices[k])


def _shifted(image: Floats, shift: NDArray[np.int64]) -> Floats:
    padded = np.pad(image.reshape(8, 8), 1)
    down, right = 1 + int(shift[0]), 1 + int(shift[1])
    return padded[down : down + 8, right : right + 8].ravel()


def accuracy(matrices: list[Floats], images: Floats, labels: NDArray[np.int64]) -> float:
    """Return the share of images whose largest score is that of their class."""
    return float(np.mean(forward(matrices, images)[-1].argmax(axis=1) == labels))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HOME)
    out = parser.parse_args().out
    data = digits()
    training = Training(data)
    for _ in range(EPOCHS):
        training.epoch()
    weights = [it.astype(np.float32) for it in training.matrices]
    np.savez(out, **{f"layer/{k}": it for k, it in enumerate(weights, start=1)})
    stored = [it.astype(np.float64) for it in weights]
    print(f"trained on: {accuracy(stored, data.images, data.labels):.4f}")
    print(f"held out:   {accuracy(stored, data.held_images, data.held_labels):.4f}")


if __name__ == "__main__":
    main()
