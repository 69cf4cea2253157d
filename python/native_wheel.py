"""How both wheels get their library of Go's, for setup.py."""

import os
import pathlib
import subprocess

from setuptools.command.build_py import build_py

try:
    from setuptools.command.bdist_wheel import bdist_wheel
except ImportError:
    from wheel.bdist_wheel import bdist_wheel

root = pathlib.Path(__file__).parent.parent.resolve()


def commands(package, native, library, more=None):
    """The commands of a wheel with ./python/native/<native> as package/library."""

    class BuildLibrary(build_py):
        def run(self):
            super().run()
            target = (pathlib.Path(self.build_lib) / package).resolve()
            target.mkdir(parents=True, exist_ok=True)
            if more:
                more(target)
            subprocess.run(["go", "build", "-trimpath", "-buildmode=c-shared", "-ldflags=-s -w", "-o", str(target / library), f"./python/native/{native}"],
                           cwd=root, check=True, env={**os.environ, "CGO_ENABLED": "1"})

    class PlatformWheel(bdist_wheel):
        """For every Python 3 of this platform: the library knows nothing of Python's."""

        def finalize_options(self):
            super().finalize_options()
            self.root_is_pure = False

        def get_tag(self):
            return "py3", "none", super().get_tag()[2]

    return {"build_py": BuildLibrary, "bdist_wheel": PlatformWheel}
