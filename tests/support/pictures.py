"""Pictures of papers, and a browser that sends one."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image
from pypdfium2 import PdfDocument

from tests.support.forms import Person


def picture_of(paper: bytes, *, page: int = 0) -> Image.Image:
    """A page as a scanner of 216 dots an inch sees it."""
    image: Image.Image = PdfDocument(paper)[page].render(scale=3).to_pil()
    return image


def as_png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def upload(person: Person, address: str, content: bytes) -> Any:
    """Sent as bytes: the test client would put a large form into a file and forget it."""
    token = person.forms[-1].values["csrf_token"]
    parts = [
        f'--edge\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n'.encode()
    ]
    head = 'Content-Disposition: form-data; name="picture"; filename="a.png"'
    parts.append(f"--edge\r\n{head}\r\nContent-Type: image/png\r\n\r\n".encode())
    body = b"".join([*parts, content, b"\r\n--edge--\r\n"])
    return person.client.post(address, data=body, content_type="multipart/form-data; boundary=edge")
