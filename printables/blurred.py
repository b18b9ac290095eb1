"""What helps to read a code in a blurred photo: find where one may lie, and take the blur back.

The blur of a lens or a hand is undone as far as noise allows: with NumPy (extra `scan`) by a Wiener
filter, without it by Van Cittert's steps, which reach less far. How far is measured in
tests/printables/decoding.py: a code is read until the blur's radius (one sigma) is about 0.6 of a
module; above that the modules have run together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from PIL import Image, ImageChops, ImageFilter, ImageOps

Box = tuple[int, int, int, int]
Sharpen = Callable[[Image.Image, float, float], Image.Image]
STEP = 8  # dots of the picture in one of the map's
INK = 60  # of 255, averaged over 7 × 7 of the map's dots: a code is half ink, writing an eighth
SIDE_MIN, SIDE_MAX = 8, 110  # dots of the map
PLACES_MAX = 6
# Blur to be taken back (sigma, in parts of the spot's side), how much of the picture is noise, how
# much larger then.
BLURS = (
    (0.0075, 0.03, 4),
    (0.0100, 0.01, 3),
    (0.0100, 0.03, 4),
    (0.0125, 0.01, 3),
    (0.0075, 0.01, 4),
    (0.0125, 0.03, 4),
    (0.0155, 0.01, 3),
    (0.0100, 0.01, 4),
    (0.0200, 0.01, 3),
)
LARGEST = 1200  # dots; a larger picture of a code does not help
STEPS = 5


def places(even: Image.Image) -> list[Box]:
    """Where a code may lie: spots with as much ink as a code has, the squarest first.

    even     greys without shadow: paper is white wherever it lies
    returns  boxes with some paper around, in dots of the picture; PLACES_MAX at most
    """
    ink = ImageOps.invert(even.reduce(STEP)).filter(ImageFilter.BoxBlur(3))
    spots = [
        box
        for box in _spots(ink.point(lambda value: 255 if value > INK else 0))
        if all(SIDE_MIN <= side <= SIDE_MAX for side in _sides(box))
    ]
    spots.sort(key=lambda box: (_oblong(box) > 1.5, -min(_sides(box))))
    found = []
    for left, top, right, bottom in spots[:PLACES_MAX]:
        margin = max(4, (right - left) // 4)
        box = (left - margin, top - margin, right + margin, bottom + margin)
        inside = (max(0, box[0]), max(0, box[1]), box[2], box[3])
        x, y, x_end, y_end = (side * STEP for side in inside)
        found.append((x, y, min(x_end, even.width), min(y_end, even.height)))
    return found


def _sides(box: Box) -> tuple[int, int]:
    return box[2] - box[0], box[3] - box[1]


def _oblong(box: Box) -> float:
    return max(_sides(box)) / min(_sides(box))


def _spots(mask: Image.Image) -> list[Box]:
    """The boxes around what hangs together."""
    width, height = mask.size
    dark = bytearray(mask.tobytes())
    found = []
    for start in range(width * height):
        if not dark[start]:
            continue
        dark[start] = 0
        waiting = [start]
        left = right = start % width
        top = bottom = start // width
        while waiting:
            place = waiting.pop()
            x, y = place % width, place // width
            left, right = min(left, x), max(right, x)
            top, bottom = min(top, y), max(bottom, y)
            for beside, is_inside in (
                (place - 1, x > 0),
                (place + 1, x < width - 1),
                (place - width, y > 0),
                (place + width, y < height - 1),
            ):
                if is_inside and dark[beside]:
                    dark[beside] = 0
                    waiting.append(beside)
        found.append((left, top, right + 1, bottom + 1))
    return found


def clearer() -> Iterator[Callable[[Image.Image], Image.Image]]:
    """Ways to make a small picture of a code readable, the likeliest first."""
    try:
        import numpy  # noqa: PLC0415 - the extra `scan`

        sharpen: Sharpen = _wiener(numpy)
    except ImportError:
        sharpen = _van_cittert
    for blur, noise, scale in BLURS:
        yield partial(_sharpened, sharpen=sharpen, blur=blur, noise=noise, scale=scale)
    yield lambda image: _larger(image.filter(ImageFilter.MedianFilter(3)), 3)
    yield lambda image: _larger(image, 3).filter(ImageFilter.UnsharpMask(4.5, 300, 0))


def _sharpened(
    image: Image.Image, *, sharpen: Sharpen, blur: float, noise: float, scale: int
) -> Image.Image:
    # A spot with the paper around it is half as large again.
    sigma = blur * min(image.size) / 1.5
    return _larger(sharpen(image, sigma, noise), scale)


def _larger(image: Image.Image, scale: int) -> Image.Image:
    scale = max(1, min(scale, LARGEST // max(image.size)))
    size = (image.width * scale, image.height * scale)
    return image.resize(size, Image.Resampling.LANCZOS)


def _wiener(numpy: Any) -> Sharpen:
    def sharpen(image: Image.Image, sigma: float, noise: float) -> Image.Image:
        dots = numpy.asarray(image, dtype=numpy.float32)
        down = numpy.fft.fftfreq(dots.shape[0])[:, None]
        across = numpy.fft.rfftfreq(dots.shape[1])[None]
        passed = numpy.exp(-2 * (numpy.pi * sigma) ** 2 * (down**2 + across**2))
        waves = numpy.fft.rfft2(dots) * passed / (passed**2 + noise)
        sharp = numpy.fft.irfft2(waves, dots.shape)
        return Image.fromarray(numpy.clip(sharp, 0, 255).astype(numpy.uint8))

    return sharpen


def _van_cittert(image: Image.Image, sigma: float, noise: float) -> Image.Image:
    """Add what blurring takes away, some times; a little wider, because steps stop before the end.

    noise    fewer steps where there is more of it
    """
    blur = ImageFilter.GaussianBlur(sigma * 1.2)
    sharp = image
    for _ in range(STEPS if noise < 0.02 else STEPS - 2):
        lost = ImageChops.subtract(image, sharp.filter(blur), 1, 128)
        sharp = ImageChops.add(sharp, lost, 1, -128)
    return sharp
