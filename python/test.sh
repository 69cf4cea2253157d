#!/bin/sh
# Builds the wheels, installs them into an environment of their own and runs the tests there.
#
# Needs go, a C compiler and python3 with venv; what is missing is a skip, with CI=true an error.
set -eu
cd "$(dirname "$0")"

have() { # TOOL
	command -v "$1" >/dev/null && return
	echo "skip: no $1, the Python package is not tested"
	if [ "${CI:-}" = true ]; then exit 1; fi
	exit 0
}
have go
have "${CC:-cc}"
have python3
out=$(mktemp -d)
trap 'rm -rf "$out" build *.egg-info verifier/build verifier/*.egg-info' EXIT
python3 -m venv "$out/env"
pip="$out/env/bin/pip --disable-pip-version-check -q"
$pip install numpy==2.2.6 pytest==8.4.2 scikit-learn==1.7.2 skl2onnx==1.19.1 onnx==1.19.1 setuptools==80.9.0 wheel==0.45.1 \
	matplotlib==3.10.7 ipykernel==6.30.1 nbclient==0.10.2 nbformat==5.10.4
$pip wheel --no-deps --no-build-isolation -w "$out/wheels" .
$pip wheel --no-deps --no-build-isolation -w "$out/wheels" ./verifier
ls -l "$out/wheels"
$pip install --no-deps "$out"/wheels/*.whl
# Away from the sources, so that what is tested is what was installed.
mkdir "$out/testdata"
cp ../testdata/tiny_mlp.* ../verifier/testdata/*.key ../verifier/testdata/*.json "$out/testdata"
cp -r tests notebooks "$out"
cd "$out"
"$out/env/bin/python" -m pytest -q -x tests
"$out/env/bin/python" tests/verifier_only.py
# PyTorch is Debian's package, python3-torch: PyPI's wheels are for graphics cards, and a gigabyte. It
# needs NumPy 1.
if /usr/bin/python3 -c 'import torch' 2>/dev/null; then
	/usr/bin/python3 -m venv --system-site-packages "$out/torch"
	"$out/torch/bin/pip" --disable-pip-version-check -q install numpy==1.26.4 pytest==8.4.2 onnx==1.16.2
	"$out/torch/bin/pip" --disable-pip-version-check -q install --no-deps "$out"/wheels/*.whl
	"$out/torch/bin/python" -m pytest -q tests -k torch
else
	echo "skip: no PyTorch for /usr/bin/python3, modules of it are not tested"
	if [ "${CI:-}" = true ]; then exit 1; fi
fi
"$out/env/bin/python" tests/notebooks.py notebooks/*.ipynb
