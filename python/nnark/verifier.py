"""Checks proofs. It needs the verifying key and nothing of the model.

    key = VerifyingKey.load("verifying.key")
    statement = key.verify(proof, context=7, expect_digest="…")

A verifying key is trusted input: compare its digest with one received over a channel you
trust (``expect_digest``), and mind ``unsafe_setup``.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import struct
from typing import Any, Mapping, Optional, Sequence, Union

import numpy as np
import numpy.typing as npt

from ._native import library

__all__ = ["Proof", "Statement", "Tensor", "VerifyingKey", "verify"]

Path = Union[str, "os.PathLike[str]"]


@dataclasses.dataclass(frozen=True)
class Tensor:
    """An input or an output: integers, each standing for the real number i·2^-exp."""

    name: str
    shape: tuple[int, ...]
    mode: str  # "public", "private" or "digest"
    exp: int
    lo: int
    hi: int
    real_range: tuple[float, float]  # accepted reals, of an input
    ints: Optional[npt.NDArray[np.int64]] = None  # if a statement shows them
    digest: Optional[int] = None

    @property
    def values(self) -> Optional[npt.NDArray[np.float64]]:
        """The real numbers, None if they are not shown."""
        return None if self.ints is None else np.ldexp(self.ints.astype(np.float64), -self.exp)


@dataclasses.dataclass(frozen=True)
class Statement:
    """What an accepted proof proves."""

    context: int
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    labels: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def label(self) -> str:
        """The class with the highest score, for a network with one public output."""
        ints = self.outputs[0].ints
        if ints is None:
            raise ValueError("the output is not public")
        best = int(np.argmax(ints))
        return self.labels[best] if best < len(self.labels) else str(best)


class Proof:
    """A proof, as its JSON file holds it."""

    def __init__(self, data: bytes) -> None:
        self._data = bytes(data)

    @classmethod
    def load(cls, path: Path) -> "Proof":
        return cls(pathlib.Path(path).read_bytes())

    def save(self, path: Path) -> None:
        pathlib.Path(path).write_bytes(self._data)

    def to_json(self) -> str:
        return self._data.decode()

    def __bytes__(self) -> bytes:
        return self._data

    def __repr__(self) -> str:
        return f"<nnark.Proof of {len(self._data)} bytes>"


def _tensor(t: Mapping[str, Any], blobs: Sequence[bytes] = ()) -> Tensor:
    ints = None
    if t.get("blob") is not None:
        ints = np.frombuffer(blobs[t["blob"]], dtype="<i8").reshape(t["shape"])
    return Tensor(t["name"], tuple(t["shape"]), t["mode"], t["exp"], t["lo"], t["hi"], (t["real_lo"], t["real_hi"]),
                  ints, int(t["digest"]) if t.get("digest") else None)


class VerifyingKey:
    """What a model publishes: proofs are checked with it."""

    def __init__(self, data: bytes) -> None:
        """Reads a key's file. Raises MalformedError."""
        self._data = bytes(data)
        self._info, _ = library.call("key", {}, [self._data])

    @classmethod
    def load(cls, path: Path) -> "VerifyingKey":
        return cls(pathlib.Path(path).read_bytes())

    def save(self, path: Path) -> None:
        pathlib.Path(path).write_bytes(self._data)

    def __bytes__(self) -> bytes:
        return self._data

    @property
    def digest(self) -> str:
        """SHA-256 of the key, in hexadecimal: what to pin."""
        return str(self._info["digest"])

    @property
    def name(self) -> str:
        return str(self._info["name"])

    @property
    def system(self) -> str:
        return str(self._info["system"])

    @property
    def weights(self) -> str:
        return str(self._info["weights"])

    @property
    def unsafe_setup(self) -> bool:
        """Whether one party made the key, and could forge proofs."""
        return bool(self._info["unsafe_setup"])

    @property
    def setup(self) -> str:
        return str(self._info["setup"])

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        return tuple(_tensor(t) for t in self._info["inputs"])

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        return tuple(_tensor(t) for t in self._info["outputs"])

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self._info["labels"] or ())

    def verify(self, proof: Union[Proof, bytes, str], *, context: Optional[int] = 0, expect_input: Any = None,
               expect_digest: Optional[str] = None, refuse_unsafe: bool = False) -> Statement:
        """Checks a proof and returns what it proves.

        context: what the proof's has to be; None for any (then look at the statement's, or
        accept replays). expect_input: reals that the public inputs have to be, an array for one
        input, else a mapping by name. expect_digest: the key's, from a channel you trust.
        refuse_unsafe: no keys of one party.

        Raises Rejected, WrongModel, MalformedError.
        """
        data = proof.encode() if isinstance(proof, str) else bytes(proof)
        names = [t.name for t in self.inputs]
        given: Mapping[str, Any] = {}
        if expect_input is not None:
            given = expect_input if isinstance(expect_input, Mapping) else {names[0]: expect_input}
        indices = [names.index(name) for name in given]
        blobs = [np.ascontiguousarray(x, dtype="<f8").tobytes() for x in given.values()]
        result, out = library.call("verify", {
            "context": None if context is None else str(int(context)), "refuse_unsafe": refuse_unsafe,
            "key_digest": expect_digest or "", "expected": indices,
        }, [self._data, data, *blobs])
        return Statement(int(result["context"]), tuple(_tensor(t, out) for t in result["inputs"]),
                         tuple(_tensor(t, out) for t in result["outputs"]), tuple(result["labels"] or ()), result["text"])

    def __repr__(self) -> str:
        return f"<nnark.VerifyingKey {self.name!r} {self.digest[:16]}…>"


def verify(key: Union[VerifyingKey, bytes], proof: Union[Proof, bytes, str], **options: Any) -> Statement:
    """VerifyingKey.verify for a key's bytes."""
    return (key if isinstance(key, VerifyingKey) else VerifyingKey(key)).verify(proof, **options)
