"""The writer of PNG against Pillow, which reads them."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from degrade_bench.reports.figures.png import png


def test_pillow_reads_the_pixels_and_the_size_on_paper():
    pixels = np.random.default_rng(2).integers(0, 256, (23, 31, 4), dtype=np.uint8)
    image = Image.open(io.BytesIO(png(pixels, 300)))
    image.verify()  # checksums
    image = Image.open(io.BytesIO(png(pixels, 300)))
    assert (image.format, image.mode) == ("PNG", "RGB")
    np.testing.assert_array_equal(np.asarray(image), pixels[:, :, :3])
    np.testing.assert_allclose(image.info["dpi"], 300, atol=0.01)
