"""Checks nnark's proofs, without the prover: see nnark.verifier, whose sources this is made of."""

from ._errors import MalformedError, NnarkError, Rejected, UsageError, WrongModel
from .verifier import Proof, Statement, Tensor, VerifyingKey, verify

__all__ = ["MalformedError", "NnarkError", "Proof", "Rejected", "Statement", "Tensor", "UsageError", "VerifyingKey", "WrongModel", "verify"]
