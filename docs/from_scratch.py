"""The dense network without any framework: its forward pass in NumPy, number by number.

    python docs/from_scratch.py [PICTURE]

Two matrix products and two simple functions turn 784 pixels into ten probabilities; Keras does
the same, and a test holds that the two agree to five decimals.
"""

import sys
from pathlib import Path

import h5py
import numpy as np

HERE = Path(__file__).parent


def load_weights(path: Path = HERE.parent / "mnist_dense.h5") -> list[np.ndarray]:
    """Return W1 (784, 128), b1 (128,), W2 (128, 10) and b2 (10,), as training left them."""
    with h5py.File(path) as file:
        layers = [file["model_weights"][name]["dense"][name] for name in ("embedding", "digits")]
        return [layer[part][:] for layer in layers for part in ("kernel", "bias")]


def forward(frames: np.ndarray, weights: list[np.ndarray]) -> np.ndarray:
    """Return ten probabilities for each picture: (n, 28, 28) -> (n, 10)."""
    w1, b1, w2, b2 = weights
    x = frames.reshape(len(frames), 784)  # a picture becomes a row of 784 numbers, 0 to 1
    hidden = np.maximum(0, x @ w1 + b1)  # ReLU: what is negative says nothing
    logits = hidden @ w2 + b2  # ten scores of any size
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))  # softmax; nothing overflows
    return powers / powers.sum(axis=1, keepdims=True)  # ten numbers that sum to 1


def main() -> None:
    """Read one picture of one digit, and print what the network makes of it."""
    from digits import read
    from digits.types import Hint

    example = HERE.parent / "digits" / "ui" / "examples" / "three in shadow.jpg"
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else example
    reading = read(path, Hint(single=True))
    if not reading.digits:
        sys.exit(f"{path.name}: no digit found")
    probabilities = forward(reading.digits[0].frame[None], load_weights())[0]
    print(f"{path.name}: {probabilities.argmax()}")
    for digit, p in enumerate(probabilities):
        print(f"{digit} {p:7.2%} {'#' * round(50 * p)}")


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))
    main()
