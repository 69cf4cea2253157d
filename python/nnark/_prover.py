"""Programs, keys and proofs."""

from __future__ import annotations

import collections
import dataclasses
import inspect
import io
import itertools
import os
import pathlib
import threading
import weakref
from concurrent import futures
from typing import Any, Iterable, Iterator, Mapping, Optional, Union

import numpy as np
import numpy.typing as npt

from ._native import Progress, library
from .verifier import Path, Proof, VerifyingKey

Arrays = Union[npt.ArrayLike, Mapping[str, npt.ArrayLike]]


def _file(x: Any) -> tuple[str, bytes]:
    """Arrays as a file that the library reads: .npy for one, .npz for several by name."""
    out = io.BytesIO()
    if isinstance(x, Mapping):
        np.savez(out, **{k: _array(v) for k, v in x.items()})
        return "input.npz", out.getvalue()
    np.save(out, _array(x), allow_pickle=False)
    return "input.npy", out.getvalue()


def _array(x: Any) -> npt.NDArray[Any]:
    if hasattr(x, "detach"):  # a tensor of PyTorch's
        x = x.detach().cpu().numpy()
    a = np.asarray(x)
    if a.dtype.kind == "f":  # float64 may hold integers that float32 rounds
        a = a.astype(np.float64 if a.dtype.itemsize > 4 else np.float32)
    return np.ascontiguousarray(a)


@dataclasses.dataclass(frozen=True)
class Port:
    """An input or output of a program."""

    name: str
    shape: tuple[int, ...]
    exp: int  # an integer i stands for i·2^-exp
    real_range: tuple[float, float]  # accepted reals, of an input


@dataclasses.dataclass(frozen=True)
class Layer:
    """A node of a program, with an estimate of its constraints."""

    name: str
    op: str
    constraints: int


def _ports(list_: Any) -> tuple[Port, ...]:
    return tuple(Port(p["name"], tuple(p["shape"]), p["exp"], (p["real_lo"], p["real_hi"])) for p in list_)


class _Held:
    """An object that Go holds for as long as Python does."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._free = weakref.finalize(self, _release, handle)


def _release(handle: int) -> None:
    try:
        library.call("free", {"handle": handle})
    except Exception:  # the interpreter ends
        pass


class Program(_Held):
    """A quantized network: exact integers, which are what is proven. It holds the weights."""

    def __init__(self, info: Mapping[str, Any], data: bytes) -> None:
        super().__init__(info["handle"])
        self._info, self._data = info, data

    @classmethod
    def from_bytes(cls, data: bytes) -> "Program":
        info, blobs = library.call("program", {}, [bytes(data)])
        return cls(info, blobs[0])

    @classmethod
    def load(cls, path: Path) -> "Program":
        return cls.from_bytes(pathlib.Path(path).read_bytes())

    def save(self, path: Path) -> None:
        """Writes the program's file, readable by its owner alone: it holds the weights."""
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "wb") as f:
            f.write(self._data)

    def __bytes__(self) -> bytes:
        return self._data

    @property
    def name(self) -> str:
        return str(self._info["name"])

    @property
    def inputs(self) -> tuple[Port, ...]:
        return _ports(self._info["inputs"])

    @property
    def outputs(self) -> tuple[Port, ...]:
        return _ports(self._info["outputs"])

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self._info["labels"] or ())

    @property
    def parameters(self) -> int:
        return int(self._info["parameters"])

    @property
    def constraints(self) -> int:
        """An estimate, within a few per cent."""
        return int(self._info["constraints"])

    @property
    def layers(self) -> tuple[Layer, ...]:
        return tuple(Layer(x["name"], x["op"], x["constraints"]) for x in self._info["layers"] or ())

    @property
    def report(self) -> Mapping[str, Any]:
        """How far the integers and the float network differ on the samples."""
        return dict(self._info["report"])

    def inspect(self) -> str:
        """A table of the layers."""
        rows = [("layer", "operator", "constraints")] + [(x.name, x.op, str(x.constraints)) for x in self.layers]
        wide = [max(len(r[i]) for r in rows) for i in range(3)]
        return "\n".join(f"{a:{wide[0]}}  {b:{wide[1]}}  {c:>{wide[2]}}" for a, b, c in rows)

    def run(self, x: Arrays) -> list[npt.NDArray[np.float64]]:
        """The answer to one input, as proofs show it: the outputs' real numbers."""
        name, data = _file(x)
        ports, blobs = library.call("run", {"handle": self._handle, "input": name}, [data])
        return [np.ldexp(np.frombuffer(b, dtype="<i8").reshape(p["shape"]).astype(np.float64), -p["exp"]) for p, b in zip(ports, blobs)]

    def evaluate(self, x: Iterable[Arrays], y: Iterable[int]) -> float:
        """The share of inputs that a classifier answers with their labels."""
        right = [int(np.argmax(self.run(a)[0])) == int(b) for a, b in zip(x, y)]
        return sum(right) / len(right) if right else float("nan")

    def __repr__(self) -> str:
        return f"<nnark.Program {self.name!r}: {self.parameters} parameters, about {self.constraints} constraints>"


def _model(model: Any, samples: Any) -> tuple[str, bytes]:
    """A model as a file's path or its bytes."""
    if isinstance(model, (bytes, bytearray, memoryview)):
        return "", bytes(model)
    if isinstance(model, (str, os.PathLike)):
        return os.fspath(model), b""
    if hasattr(model, "SerializeToString"):  # an onnx.ModelProto
        return "", model.SerializeToString()
    if hasattr(model, "state_dict"):  # a torch.nn.Module
        import torch

        if samples is None or isinstance(samples, Mapping):
            raise TypeError("a module of PyTorch's needs samples as one array: export it to ONNX otherwise")
        out = io.BytesIO()
        first = torch.as_tensor(np.asarray(_array(samples))[:1])
        # Where there are two exporters, the one that needs no other packages.
        options = {"dynamo": False} if "dynamo" in inspect.signature(torch.onnx.export).parameters else {}
        torch.onnx.export(model.eval(), (first,), out, **options)
        return "", out.getvalue()
    raise TypeError(f"{type(model).__name__} is no path, no bytes, no onnx.ModelProto and no module of PyTorch's")


def compile(model: Any, samples: Arrays, *, name: str = "", weights: str = "committed", input: str = "public", output: str = "public",
            system: str = "groth16", bits: int = 0, tolerance: float = 0.0, labels: Iterable[str] = (),
            input_range: Optional[Mapping[str, tuple[float, float]]] = None, saturate: bool = False,
            shapes: Optional[Mapping[str, Iterable[int]]] = None, dims: Optional[Mapping[str, int]] = None,
            progress: Optional[Progress] = None) -> Program:
    """Makes exact integers of a network.

    model: an ONNX file's path or bytes, an onnx.ModelProto, or a torch.nn.Module. samples: some
    dozen inputs that fix the scales, an array with an axis of samples in front, or a mapping by
    input. weights: "committed" (private) or "baked"; input: "public", "private", "digest"; system:
    "groth16", "plonk" or "flat". bits fixes the width of activations, tolerance the error allowed.
    input_range says which numbers an input may hold, by its name (otherwise what the samples show
    and a margin); others are refused, or with saturate taken for the nearest inside.

    Raises UnsupportedError, which lists all operators that cannot be proven, AccuracyError,
    MalformedError.
    """
    file, data = _model(model, samples)
    if not name:
        name = pathlib.Path(file).stem if file else "model"
    file_name, sample_data = _file(samples)
    info, blobs = library.call("compile", {
        "name": name, "file": file, "samples": file_name, "weights": weights, "input": input, "output": output, "system": system,
        "bits": bits, "tolerance": tolerance, "labels": [str(x) for x in labels],
        "ranges": {k: [float(v[0]), float(v[1])] for k, v in (input_range or {}).items()}, "saturate": bool(saturate),
        "shapes": {k: list(v) for k, v in (shapes or {}).items()}, "dims": dict(dims or {}),
    }, [data, sample_data], progress)
    return Program(info, blobs[0])


def problems(model: Any) -> str:
    """What of a network cannot be proven, in words; empty if all of it can."""
    file, data = _model(model, None)
    result, _ = library.call("unsupported", {"file": file}, [data])
    return str(result["problem"])


class Keys(_Held):
    """A program's proving and verifying keys. They may be used by several threads."""

    def __init__(self, info: Mapping[str, Any], data: bytes, program: Program) -> None:
        super().__init__(info["handle"])
        self._info = info
        self.program = program
        self.verifying_key = VerifyingKey(data)

    @classmethod
    def load(cls, folder: Path, program: Program, progress: Optional[Progress] = None) -> "Keys":
        """Reads a folder's keys, the bound one if there is one. Raises KeysError."""
        info, blobs = library.call("load", {"handle": program._handle, "folder": os.fspath(folder)}, (), progress)
        return cls(info, blobs[0], program)

    def save(self, folder: Path, *, overwrite: bool = False) -> None:
        """Writes the keys' files, and the opening of the commitment to the weights. Raises
        ExistsError if that would replace other keys."""
        library.call("save", {"handle": self._handle, "folder": os.fspath(folder), "overwrite": overwrite})

    @property
    def constraints(self) -> int:
        return int(self._info["constraints"])

    def bind(self, progress: Optional[Progress] = None) -> "Keys":
        """Keys that prove faster (Groth16 with private weights): a second, once."""
        info, blobs = library.call("bind", {"handle": self._handle}, (), progress)
        return Keys(info, blobs[0], self.program)

    def prove(self, x: Arrays, *, context: int = 0, progress: Optional[Progress] = None) -> Proof:
        """Proves the answer to one input. The context, a nonce for instance, is part of what is
        proven. Raises InputError."""
        name, data = _file(x)
        _, blobs = library.call("prove", {"handle": self._handle, "input": name, "context": str(int(context))}, [data], progress)
        return Proof(blobs[0])

    def prove_many(self, xs: Iterable[Arrays], *, context: int = 0, parallel: int = 0,
                   progress: Optional[Progress] = None) -> Iterator[Proof]:
        """Proves many inputs, and gives the proofs in the inputs' order, each as soon as it and
        those before it are made.

        It keeps all processors busy where one proof cannot. parallel is the number of proofs made at
        a time, each with the memory of one, 0 stands for the number of processors; at most twice as
        many inputs are taken ahead of the proofs. progress is told "proof" and the share done, where
        the number of inputs is known. Whoever leaves the loop early, or Ctrl-C, ends the proofs
        under way. Raises InputError once the proofs before the wrong input were given.
        """
        parallel = parallel if parallel > 0 else os.cpu_count() or 1
        total = len(xs) if hasattr(xs, "__len__") else 0  # type: ignore[arg-type]
        left = threading.Event()

        def stop(_stage: str, _done: float) -> None:
            if left.is_set():
                raise futures.CancelledError

        pool = futures.ThreadPoolExecutor(parallel, thread_name_prefix="nnark proof")
        waiting: collections.deque[futures.Future[Proof]] = collections.deque()
        source = iter(xs)
        try:
            for done in itertools.count(1):
                for x in itertools.islice(source, 2 * parallel - len(waiting)):
                    waiting.append(pool.submit(self.prove, x, context=context, progress=stop))
                if not waiting:
                    return
                proof = waiting.popleft().result()
                if progress is not None and total:
                    progress("proof", done / total)
                yield proof
        finally:
            left.set()
            pool.shutdown(cancel_futures=True)

    def export_solidity(self, name: str = "ModelVerifier") -> str:
        """The source of a contract that verifies these proofs."""
        _, blobs = library.call("solidity", {"name": name}, [bytes(self.verifying_key)])
        return blobs[0].decode()

    def __repr__(self) -> str:
        return f"<nnark.Keys of {self.program.name!r}: {self.constraints} constraints>"


def setup(program: Program, *, srs: Optional[Path] = None, srs_digest: Optional[str] = None, progress: Optional[Progress] = None) -> Keys:
    """Makes keys.

    Without srs this process makes them: whoever runs it could keep what lets it prove false
    answers, and the keys are marked (VerifyingKey.unsafe_setup). For PLONK, srs is a universal
    reference string (gnark's form, or a .ptau file), srs_digest what its publisher says it is;
    Groth16 keys of several parties come from the command "nnark ceremony" and Keys.load.
    """
    info, blobs = library.call("setup", {
        "handle": program._handle, "srs": os.fspath(srs) if srs is not None else "", "srs_digest": srs_digest or "",
    }, (), progress)
    return Keys(info, blobs[0], program)
