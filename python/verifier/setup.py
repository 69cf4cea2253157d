"""The wheel of nnark_verifier: the sources of nnark that only check proofs, and a smaller library."""

import pathlib
import shutil
import sys

from setuptools import setup

here = pathlib.Path(__file__).parent.resolve()
sys.path.insert(0, str(here.parent))

import native_wheel  # noqa: E402


def sources(target):
    for name in ("_errors.py", "_native.py", "verifier.py", "py.typed"):
        shutil.copy(here.parent / "nnark" / name, target / name)


setup(cmdclass=native_wheel.commands("nnark_verifier", "verifier", "_libnnark_verifier.so", sources))
