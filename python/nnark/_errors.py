"""Exceptions, one for each kind of error that the library tells apart."""


class NnarkError(Exception):
    """Whatever went wrong; ``kind`` names it."""

    kind = "error"


class UsageError(NnarkError, ValueError):
    """A mistake in the call."""

    kind = "usage"


class MalformedError(NnarkError, ValueError):
    """Bytes that no honest party produces: a model, a program, a key or a proof."""

    kind = "malformed"


class UnsupportedError(NnarkError):
    """Operators, or forms of them, that cannot be proven; the message lists all."""

    kind = "unsupported"


class InputError(NnarkError, ValueError):
    """An input of another shape, or outside the declared range."""

    kind = "input"


class RangeError(NnarkError):
    """Integers that could leave the range a proof needs."""

    kind = "range"


class SizeError(NnarkError):
    """A network too large for one proof."""

    kind = "size"


class AccuracyError(NnarkError):
    """No integers within the tolerance follow the network closely enough."""

    kind = "accuracy"


class KeysError(NnarkError):
    """Keys that are damaged or of another program."""

    kind = "keys"


class ExistsError(NnarkError, FileExistsError):
    """Saving would replace other keys."""

    kind = "exists"


class NotFoundError(NnarkError, FileNotFoundError):
    """A file that is not there."""

    kind = "not_found"


class WrongModel(NnarkError):
    """A proof for another verifying key."""

    kind = "wrong_model"


class Rejected(NnarkError):
    """A proof that is none of its statement, or whose statement is not the expected one.

    ``kind`` is ``rejected``, ``rejected_context``, ``rejected_input``, ``rejected_unsafe`` or
    ``rejected_key``.
    """

    kind = "rejected"


class Cancelled(NnarkError):
    """The call was cancelled."""

    kind = "cancelled"


_KINDS = {c.kind: c for c in (
    UsageError, MalformedError, UnsupportedError, InputError, RangeError, SizeError, AccuracyError,
    KeysError, ExistsError, NotFoundError, WrongModel, Rejected, Cancelled)}


def error(kind: str, message: str) -> NnarkError:
    """The exception of a kind."""
    found = Rejected if kind.startswith("rejected") else _KINDS.get(kind, NnarkError)
    e = found(message)
    e.kind = kind
    return e
