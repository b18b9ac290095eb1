"""A line that can be cut: a TCP proxy on loopback, in this process."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Iterator

# Closing with this sends a reset instead of a farewell, as a line that breaks does.
RESET = struct.pack("ii", 1, 0)


class Proxy:
    """Passes bytes on to a port; `cut`, `mend`, `freeze` and `delay_seconds` are the weather."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.to = port
        self.tls = tls
        self.delay_seconds = 0.0
        self.connections = 0
        self._is_open = threading.Event()
        self._is_open.set()
        self._never = threading.Event()
        self._pairs: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self.port = 0
        self.mend()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def mend(self) -> None:
        """The line is there (again), on the port that it had."""
        self._is_open.set()
        if self._listener:
            return
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(64)
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def cut(self) -> None:
        """Nobody gets through, and who was talking is thrown out."""
        listener, self._listener = self._listener, None
        if listener:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for each in list(self._pairs):
            with contextlib.suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._pairs.clear()

    def freeze(self) -> None:
        """Bytes are swallowed without a word until `mend`."""
        self._is_open.clear()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        try:
            if self.tls:
                near = self.tls.wrap_socket(near, server_side=True)
            far = socket.create_connection(("127.0.0.1", self.to))
        except OSError:
            near.close()
            return
        self._pairs |= {near, far}
        threading.Thread(target=self._pump, args=(far, near), daemon=True).start()
        self._pump(near, far)

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            while octets := source.recv(65536):
                self._is_open.wait()
                self._never.wait(self.delay_seconds)
                target.sendall(octets)
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
            self._pairs.discard(each)


@contextlib.contextmanager
def a_line(port: int, tls: ssl.SSLContext | None = None) -> Iterator[Proxy]:
    """A proxy to this port until the block ends."""
    proxy = Proxy(port, tls)
    try:
        yield proxy
    finally:
        proxy.mend()
        proxy.cut()
