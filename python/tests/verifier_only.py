"""The verifier's wheel alone checks the golden proofs, and refuses others."""

import json
import pathlib
import sys

import nnark_verifier as nnark

data = pathlib.Path(__file__).parents[1] / "testdata"
assert "nnark" not in sys.modules
for name in ("groth16", "plonk", "flat"):
    key = nnark.VerifyingKey.load(data / f"{name}.key")
    proof = nnark.Proof.load(data / f"{name}.json")
    statement = key.verify(proof, context=None)
    print(statement)
    try:
        lie = json.loads(proof.to_json())
        lie["statement"].append(lie["statement"][0])
        key.verify(json.dumps(lie), context=None)
    except nnark.NnarkError as e:
        print("refused:", e)
    else:
        raise SystemExit("a longer statement is accepted")
    other = nnark.VerifyingKey.load(data / ("plonk.key" if name == "groth16" else "groth16.key"))
    try:
        other.verify(proof, context=None)
    except nnark.NnarkError as e:
        print("refused:", e)
    else:
        raise SystemExit("a proof of another key is accepted")
try:
    nnark.VerifyingKey(b"no key")
except nnark.MalformedError as e:
    print("refused:", e)
else:
    raise SystemExit("a key of nothing is accepted")
