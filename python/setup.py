import pathlib
import sys

from setuptools import setup

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import native_wheel  # noqa: E402

setup(cmdclass=native_wheel.commands("nnark", "prover", "_libnnark.so"))
