"""Prove that a trained network gave this output on this input, in zero knowledge.

    program = nnark.compile("net.onnx", samples)      # floats -> exact integers
    keys = nnark.setup(program)                       # or setup(program, srs=..., srs_digest=...)
    proof = keys.prove(x)
    statement = keys.verifying_key.verify(proof)      # raises Rejected
    statement.outputs[0].values

Everything runs in this process, without the GIL while Go works. ``nnark.verifier`` alone is
what checks proofs; the package ``nnark_verifier`` holds it without the prover.
"""

from ._errors import (
    AccuracyError,
    Cancelled,
    ExistsError,
    InputError,
    KeysError,
    MalformedError,
    NnarkError,
    RangeError,
    Rejected,
    SizeError,
    UnsupportedError,
    UsageError,
    WrongModel,
)
from ._prover import Keys, Layer, Port, Program, compile, problems, setup
from .verifier import Proof, Statement, Tensor, VerifyingKey, verify

__version__ = "0.2.0"

__all__ = [
    "AccuracyError", "Cancelled", "ExistsError", "InputError", "Keys", "KeysError", "Layer", "MalformedError",
    "NnarkError", "Port", "Program", "Proof", "RangeError", "Rejected", "SizeError", "Statement", "Tensor",
    "UnsupportedError", "UsageError", "VerifyingKey", "WrongModel", "compile", "problems", "setup", "verify",
]
