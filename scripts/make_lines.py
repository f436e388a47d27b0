"""Draw a page of composed lines, as the line network learns from them: docs/images/lines.png.

    python scripts/make_lines.py

They are written with validation digits; training composes the same from training digits.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from digits.mnist import load_mnist  # noqa: E402
from digits.synthesis.line import compose_line  # noqa: E402
from digits.synthesis.page_ink import InkBank, mnist_samples  # noqa: E402

WIDTH, ROWS = 1200, 18  # px; rows of strips
GAP = 8  # px
CAPTION = 14  # px
SEED = 7


def main() -> None:
    """Write the picture."""
    rng, bank = np.random.default_rng(SEED), InkBank(mnist_samples(load_mnist().validation))
    height = 32 + CAPTION + GAP
    sheet = Image.new("L", (WIDTH, ROWS * height), 255)
    draw = ImageDraw.Draw(sheet)
    x = y = 0
    while y < ROWS * height:
        line = compose_line(bank, rng)
        strip = Image.fromarray((255 - 255 * line.strip).astype(np.uint8))
        if x + strip.width > WIDTH:
            x, y = 0, y + height
            continue
        sheet.paste(strip, (x, y))
        draw.text((x, y + 33), line.written or "(nothing)", fill=90)
        x += strip.width + GAP
    sheet.save(ROOT / "docs" / "images" / "lines.png", optimize=True)


if __name__ == "__main__":
    main()
