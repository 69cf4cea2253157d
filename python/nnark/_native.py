"""Calls into the library: a name and a message, answered by one (python/native/message)."""

from __future__ import annotations

import ctypes
import itertools
import json
import pathlib
import struct
import threading
from typing import Any, Callable, Optional, Sequence

from ._errors import error

Progress = Callable[[str, float], Any]
_PROGRESS = ctypes.CFUNCTYPE(None, ctypes.c_uint64, ctypes.c_char_p, ctypes.c_double)


class Library:
    """A library of Go's, loaded when it is first used."""

    def __init__(self, *names: str) -> None:
        self._names = names
        self._lib: Optional[ctypes.CDLL] = None
        self._lock = threading.Lock()
        self._ids = itertools.count(1)

    def _load(self) -> ctypes.CDLL:
        with self._lock:
            if self._lib is None:
                here = pathlib.Path(__file__).parent
                path = next((here / n for n in self._names if (here / n).exists()), here / self._names[0])
                lib = ctypes.CDLL(str(path))
                lib.nnark_call.restype = ctypes.c_int
                lib.nnark_call.argtypes = [
                    ctypes.c_char_p, ctypes.c_uint64, ctypes.c_char_p, ctypes.c_size_t, _PROGRESS,
                    ctypes.POINTER(ctypes.POINTER(ctypes.c_uint8)), ctypes.POINTER(ctypes.c_size_t)]
                lib.nnark_cancel.argtypes = [ctypes.c_uint64]
                lib.nnark_free.argtypes = [ctypes.POINTER(ctypes.c_uint8)]
                self._lib = lib
            return self._lib

    def call(self, name: str, header: dict[str, Any], blobs: Sequence[bytes] = (),
             progress: Optional[Progress] = None) -> tuple[Any, list[bytes]]:
        """Answers a call by the header's result and the blobs.

        The call runs on a thread of its own, so that Ctrl-C, or any other exception in this one,
        cancels it: it is awaited, and the exception raised.
        """
        lib = self._load()
        head = json.dumps({**header, "blobs": [len(b) for b in blobs]}).encode()
        data = struct.pack("<I", len(head)) + head + b"".join(blobs)
        call = next(self._ids)
        failed: list[BaseException] = []
        answer: dict[str, Any] = {}

        def told(_: int, stage: bytes, done: float) -> None:
            try:
                if progress is not None and not failed:
                    progress(stage.decode(), done)
            except BaseException as e:  # to be raised by the caller's thread
                failed.append(e)
                lib.nnark_cancel(call)

        callback = _PROGRESS(told) if progress is not None else ctypes.cast(None, _PROGRESS)

        def work() -> None:
            out, size = ctypes.POINTER(ctypes.c_uint8)(), ctypes.c_size_t()
            try:
                status = lib.nnark_call(name.encode(), call, data, len(data), callback, ctypes.byref(out), ctypes.byref(size))
                answer["ok"], answer["data"] = status == 0, ctypes.string_at(out, size.value) if size.value else b""
            except BaseException as e:
                failed.append(e)
            finally:
                lib.nnark_free(out)

        thread = threading.Thread(target=work, name=f"nnark {name}")
        thread.start()
        try:
            while thread.is_alive():
                thread.join(0.05)
        except BaseException:
            lib.nnark_cancel(call)
            while thread.is_alive():  # it uses what this frame holds: not even a second Ctrl-C leaves
                try:
                    thread.join()
                except KeyboardInterrupt:
                    continue
            raise
        if failed:
            raise failed[0]
        result, out = _split(answer["data"])
        if not answer["ok"]:
            raise error(result["kind"], result["message"])
        return result, out


def _split(data: bytes) -> tuple[Any, list[bytes]]:
    if len(data) < 4:
        raise error("error", "no answer")
    (n,) = struct.unpack_from("<I", data)
    head = json.loads(data[4:4 + n])
    blobs, at = [], 4 + n
    for size in head["blobs"]:
        blobs.append(data[at:at + size])
        at += size
    return head["result"], blobs


library = Library("_libnnark.so", "_libnnark_verifier.so")
