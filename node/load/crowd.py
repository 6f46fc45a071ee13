"""A crowd of subscribers to one node's events that read slowly, or not at all.

They live in a process of their own, so that what they cost is not the load generator's.
"""

import multiprocessing
import selectors
import socket
import time
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from yarl import URL

RECEIVE_BUFFER_BYTES = 4096
SIP_BYTES = 512
SIP_S = 1.0
"""Who is slow reads so much, so often."""
CALL_AGAIN_S = 1.0
"""Who was sent away comes again, so that the crowd stays as large as it is."""
CALLS_PER_ROUND = 50
ROUND_S = 0.05


class Guest:
    """One subscriber: one that is `dead` reads nothing after the first line of the answer."""

    def __init__(self, url: URL, is_dead: bool) -> None:
        self._url = url
        self._is_dead = is_dead
        self._sock: socket.socket | None = None
        self._due_at = 0.0
        self.calls = 0

    @property
    def is_inside(self) -> bool:
        """Is it connected, as far as it knows."""
        return self._sock is not None

    def act(self, now: float) -> bool:
        """Call, sip, or notice that it was sent away; did it do anything."""
        if now < self._due_at:
            return False
        if self._sock is None:
            self._call()
        elif not self._sip():
            self._sock.close()
            self._sock = None
        self._due_at = now + (SIP_S if self._sock else CALL_AGAIN_S)
        return True

    def _call(self) -> None:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        sock.settimeout(5.0)
        try:
            sock.connect((self._url.host, self._url.port))
            sock.sendall(
                f"GET {self._url.raw_path_qs} HTTP/1.1\r\nHost: {self._url.authority}\r\n\r\n".encode()
            )
        except OSError:
            sock.close()
            return
        sock.setblocking(False)
        self.calls += 1
        self._sock = sock

    def _sip(self) -> bool:
        """Read a little; False where the connection has ended."""
        assert self._sock is not None
        try:
            if self._is_dead:
                return _is_open(self._sock)
            return bool(self._sock.recv(SIP_BYTES))
        except BlockingIOError:
            return True
        except OSError:
            return False

    def leave(self) -> None:
        """Close the connection."""
        if self._sock is not None:
            self._sock.close()


def _is_open(sock: socket.socket) -> bool:
    """Has a connection that is not read from been neither ended nor reset."""
    with selectors.PollSelector() as selector:
        selector.register(sock, selectors.EVENT_WRITE)
        selector.select(0)
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0


def run_crowd(url: str, count: int, pipe: Connection) -> None:
    """Half dead, half slow, until the pipe says or hears the end; tells each time all are inside."""
    guests = [Guest(URL(url), is_dead=number % 2 == 0) for number in range(count)]
    has_told = False
    while not pipe.poll(ROUND_S):
        now = time.monotonic()
        acted = 0
        for guest in guests:
            was_inside = guest.is_inside
            if guest.act(now) and not was_inside:
                acted += 1
            if acted >= CALLS_PER_ROUND:
                break
        if not has_told and all(guest.is_inside for guest in guests):
            pipe.send("inside")
            has_told = True
    for guest in guests:
        guest.leave()
    pipe.send(sum(guest.calls for guest in guests))


class Crowd:
    """`start`, then `stop`: the process and the pipe to it."""

    def __init__(self, url: str, count: int) -> None:
        spawning = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawning.Pipe()
        self._process: BaseProcess = spawning.Process(
            target=run_crowd, args=(url, count, theirs), daemon=True
        )

    def start(self, timeout_s: float = 60.0) -> None:
        """Return when all are connected; raises `TimeoutError`."""
        self._process.start()
        if not self._pipe.poll(timeout_s):
            raise TimeoutError("the crowd did not get in")
        self._pipe.recv()

    def stop(self) -> int:
        """Send all home; how often they called altogether."""
        self._pipe.send("end")
        calls: Any = self._pipe.recv()
        self._process.join()
        return int(calls)
