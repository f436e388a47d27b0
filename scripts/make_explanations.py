"""Give networks what explains them: each layer's output, and the held-out digits as they see them.

    python scripts/make_explanations.py NETWORK.onnx…

Training does it too; this is for networks that were trained before. Nothing is trained, the answers
stay the same bit for bit, and the card is given the new checksums.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from digits.data import load_mnist
from digits.model.card import write_card, write_whole
from digits.model.classifier import load_card, load_classifier
from digits.model.graph import with_layers
from digits.model.neighbours import CHECKSUM, write_neighbours


def main() -> int:
    """Rewrite each network that is named."""
    mnist = load_mnist()
    for path in map(Path, sys.argv[1:]):
        before = load_classifier(path).classify(mnist.calibration.frames)
        card = load_card(path)
        write_whole(path, with_layers(path.read_bytes()))
        write_card(path, card)
        known = mnist.held_out
        write_card(path, card | {CHECKSUM: write_neighbours(path, known.pictures, known.labels)})
        after = load_classifier(path).classify(mnist.calibration.frames)
        same = np.array_equal(before.probabilities, after.probabilities)
        if not same or not np.array_equal(before.refused, after.refused):
            sys.stderr.write(f"{path.name} answers differently now: take the old one back\n")
            return 1
        print(f"{path.name}: {path.stat().st_size + path.with_suffix('.npz').stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
