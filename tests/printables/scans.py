"""Synthetic scans: what scanners, faxes, copiers, telephones and coffee do to a sheet of paper."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageFilter
from pypdfium2 import PdfDocument

Array = np.ndarray[Any, Any]
Random = np.random.Generator


def rendered(pdf: bytes, dpi: int) -> Array:
    page = PdfDocument(io.BytesIO(pdf))[0]
    return np.array(page.render(scale=dpi / 72, grayscale=True).to_pil().convert("L"))


def turned(page: Array, degrees: float) -> Array:
    height, width = page.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return cv2.warpAffine(page, matrix, (width, height), borderValue=(255, 255, 255))


def noisy(page: Array, random: Random, sigma: float = 10.0) -> Array:
    grains = random.normal(0, sigma, page.shape)
    out: Array = np.clip(page + grains, 0, 255).astype(np.uint8)
    return out


def shaded(page: Array, random: Random, depth: float = 0.45) -> Array:
    """Light from one side."""
    height, width = page.shape
    angle = random.uniform(0, 2 * np.pi)
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    light = 1 - depth * (0.5 + 0.5 * (x * np.cos(angle) + y * np.sin(angle)) / 1.42)
    out: Array = (page * light).astype(np.uint8)
    return out


def jpeg(page: Array, quality: int) -> Array:
    out = io.BytesIO()
    Image.fromarray(page).save(out, "JPEG", quality=quality)
    return np.array(Image.open(out))


def blurred(page: Array, radius: float) -> Array:
    return np.array(Image.fromarray(page).filter(ImageFilter.GaussianBlur(radius)))


def fax(page: Array, random: Random, *, lines: int) -> Array:
    """One bit a dot, 204 dots an inch across and 98 or 196 lines down, from a page of 300 dpi."""
    height, width = page.shape
    turned_page = turned(page, random.uniform(-0.7, 0.7))
    small = cv2.resize(
        turned_page,
        (round(width * 204 / 300), round(height * lines / 300)),
        interpolation=cv2.INTER_AREA,
    )
    bits = np.where(noisy(small, random, 8) > 140, 255, 0).astype(np.uint8)
    return cv2.resize(
        bits, (bits.shape[1], round(bits.shape[0] * 204 / lines)), interpolation=cv2.INTER_NEAREST
    )


def copied(page: Array, random: Random) -> Array:
    """One generation of a copier: softer, greyer, a little turned, then hard again.

    The blur is 0.12 mm; with 0.2 mm a generation no signed code survives two.
    """
    soft = blurred(turned(page, random.uniform(-1, 1)), 0.7 * page.shape[1] / 1240)
    lifted = noisy(soft, random, 14).astype(np.float32)
    out: Array = np.clip((lifted - 110) * 1.7 + 110, 0, 255).astype(np.uint8)
    return out


def phone(page: Array, random: Random, *, width: int, blur: float = 1.0) -> Array:
    """A photo on a dark table: perspective, turn, uneven light, JPEG."""
    height, across = page.shape
    scale = width / across
    corners = np.array([(0, 0), (across, 0), (across, height), (0, height)], np.float32)
    margin = 0.12
    target = corners * scale * (1 - 2 * margin) + np.array((across, height)) * scale * margin
    target += random.uniform(-0.05, 0.05, (4, 2)) * across * scale
    turn = cv2.getRotationMatrix2D(tuple(target.mean(axis=0).tolist()), random.uniform(-12, 12), 1)
    target = cv2.transform(target[None].astype(np.float32), turn)[0]
    matrix = cv2.getPerspectiveTransform(corners, target.astype(np.float32))
    size = (round(across * scale), round(height * scale))
    photo = cv2.warpPerspective(page, matrix, size, flags=cv2.INTER_AREA, borderValue=(70, 70, 70))
    return jpeg(noisy(shaded(blurred(photo, blur), random), random, 5), 70)


def stained(page: Array, random: Random, spot: tuple[float, float], reach: float) -> Array:
    """Something brown over 15 % of a place: darker, but not black.

    spot, reach   the place's upper left corner and side, in parts of the page's width
    """
    height, width = page.shape
    side = reach * width
    centre = np.array(spot) * width + random.uniform(0.1, 0.9, 2) * side
    radius = side * np.sqrt(0.15 / np.pi)
    y, x = np.ogrid[:height, :width]
    inside = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 < radius**2
    out = page.astype(np.float32)
    out[inside] = out[inside] * 0.45 + 20
    return noisy(out.astype(np.uint8), random, 8)


def with_mark(page: Array, box: tuple[float, float, float], random: Random, kind: str) -> Array:
    """A pen's tick, cross or fill in a box; place and side in dots."""
    x, y, side = box
    ink, thick = {"pencil": (110, 0.09)}.get(kind, (30, 0.13))
    width = max(1, round(side * thick))

    def shake(fx: float, fy: float) -> tuple[int, int]:
        return (
            round(x + side * fx + random.normal(0, side * 0.04)),
            round(y + side * fy + random.normal(0, side * 0.04)),
        )

    strokes = [[(0.1, 0.5), (0.4, 0.85), (1.05, -0.1)]]
    if kind == "cross":
        strokes = [[(0.1, 0.1), (0.9, 0.9)], [(0.9, 0.1), (0.1, 0.9)]]
    if kind == "fill":
        strokes = [[(0.15, fy), (0.85, fy + 0.1)] for fy in (0.2, 0.4, 0.6, 0.8)]
    out = page.copy()
    for stroke in strokes:
        points = np.array([shake(*point) for point in stroke], np.int32)
        cv2.polylines(out, [points], False, ink, width, cv2.LINE_AA)
    return out
