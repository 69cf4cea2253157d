"""What a user does, and what goes wrong: python/test.sh runs these against the installed wheel."""

import gc
import pathlib
import resource
import threading
import time

import numpy as np
import pytest

import nnark

data = pathlib.Path(__file__).parents[1] / "testdata"
if not data.exists():
    data = pathlib.Path(__file__).parents[2] / "testdata"


@pytest.fixture(scope="session")
def samples():
    return np.random.default_rng(7).uniform(0, 1, (60, 16)).astype(np.float32)


@pytest.fixture(scope="session")
def program(samples):
    return nnark.compile(data / "tiny_mlp.onnx", samples, labels=["low", "middle", "high"])


@pytest.fixture(scope="session")
def keys(program):
    return nnark.setup(program)


def test_program(program, samples, tmp_path):
    assert program.name == "tiny_mlp"
    assert program.inputs[0].shape == (1, 16)
    assert program.constraints > 100 and program.parameters > 100
    assert sum(x.constraints for x in program.layers) <= program.constraints
    assert program.report["relative_error"] < 0.05
    assert "constraints" in program.inspect()
    path = tmp_path / "m.nnark"
    program.save(path)
    assert path.stat().st_mode & 0o777 == 0o600
    again = nnark.Program.load(path)
    assert bytes(again) == bytes(program)
    x = samples[0]
    np.testing.assert_array_equal(again.run(x)[0], program.run(x)[0])
    best = [int(np.argmax(program.run(x)[0])) for x in samples[:5]]
    assert program.evaluate(samples[:5], best) == 1


def test_ranges(program, samples):
    range_ = {program.inputs[0].name: (-4, 4)}
    wide = nnark.compile(data / "tiny_mlp.onnx", samples, input_range=range_)
    assert wide.inputs[0].real_range == (-4, 4)
    with pytest.raises(nnark.InputError):
        wide.run(np.full((1, 16), 5, np.float32))
    saturated = nnark.compile(data / "tiny_mlp.onnx", samples, input_range=range_, saturate=True)
    np.testing.assert_array_equal(saturated.run(np.full((1, 16), 5, np.float32))[0], saturated.run(np.full((1, 16), 4, np.float32))[0])


def test_proof(keys, program, samples):
    x = samples[0]
    proof = keys.prove(x, context=7)
    key = keys.verifying_key
    statement = key.verify(proof, context=7, expect_digest=key.digest)
    np.testing.assert_array_equal(statement.outputs[0].values, program.run(x)[0])
    assert statement.context == 7 and statement.label in ("low", "middle", "high")
    assert "tiny_mlp" in str(statement)
    assert key.unsafe_setup and key.system == "groth16" and key.weights == "committed"
    assert key.inputs[0].shape == (1, 16) and key.labels == ("low", "middle", "high")
    again = nnark.VerifyingKey(bytes(key))
    again.verify(proof.to_json(), context=None)
    assert nnark.verify(bytes(key), bytes(proof), context=None).context == 7
    low, high = key.inputs[0].real_range
    key.verify(proof, context=7, expect_input=np.clip(x, low, high))
    for options, kind in [
        ({}, "rejected_context"),
        ({"context": 8}, "rejected_context"),
        ({"context": 7, "refuse_unsafe": True}, "rejected_unsafe"),
        ({"context": 7, "expect_digest": "00" * 32}, "rejected_key"),
        ({"context": 7, "expect_input": np.zeros(16)}, "rejected_input"),
    ]:
        with pytest.raises(nnark.Rejected) as e:
            key.verify(proof, **options)
        assert e.value.kind == kind


def test_forgeries(keys, samples):
    a, b = keys.prove(samples[0]), keys.prove(samples[1])
    import json

    p, q = json.loads(a.to_json()), json.loads(b.to_json())
    for name in p:
        if p[name] != q[name]:
            lie = dict(p, **{name: q[name]})
            with pytest.raises(nnark.NnarkError):
                keys.verifying_key.verify(json.dumps(lie))
    other = nnark.setup(keys.program)
    with pytest.raises(nnark.WrongModel):
        other.verifying_key.verify(a)


def test_many(keys, samples):
    told = []
    proofs = list(keys.prove_many(samples[:4], progress=lambda stage, done: told.append((stage, done))))
    assert len(proofs) == 4 and told[-1] == ("proof", 1.0)
    for x, proof in zip(samples, proofs):  # in the inputs' order
        statement = keys.verifying_key.verify(proof)
        np.testing.assert_array_equal(statement.outputs[0].values, keys.program.run(x)[0])


def test_many_ends(keys, samples):
    taken = []

    def endless():
        while True:
            taken.append(1)
            yield samples[len(taken) % len(samples)]

    proofs = keys.prove_many(endless(), parallel=2)
    keys.verifying_key.verify(next(proofs))
    proofs.close()
    assert len(taken) <= 4
    assert not [t for t in threading.enumerate() if t.name.startswith("nnark")]

    got = []
    with pytest.raises(nnark.InputError):
        for proof in keys.prove_many([samples[0], samples[1], np.full(16, 1e9), samples[2]], parallel=2):
            got.append(proof)
    assert len(got) == 2
    assert list(keys.prove_many([])) == []


def test_bound(keys, samples, tmp_path):
    bound = keys.bind()
    keys.verifying_key.verify(bound.prove(samples[0]))
    folder = tmp_path / "keys"
    keys.save(folder)
    keys.save(folder)
    loaded = nnark.Keys.load(folder, keys.program)
    assert bytes(loaded.verifying_key) == bytes(keys.verifying_key)
    keys.verifying_key.verify(loaded.prove(samples[1]))
    with pytest.raises(nnark.ExistsError):
        nnark.setup(keys.program).save(folder)
    (folder / "proving.key").write_bytes(b"x")
    with pytest.raises(nnark.KeysError):
        nnark.Keys.load(folder, keys.program)


def test_plonk(samples):
    program = nnark.compile((data / "tiny_mlp.onnx").read_bytes(), samples, system="plonk", name="universal")
    keys = nnark.setup(program)
    statement = keys.verifying_key.verify(keys.prove(samples[0]))
    np.testing.assert_array_equal(statement.outputs[0].values, program.run(samples[0])[0])
    assert "contract Universal" in keys.export_solidity("Universal")


def test_modes(samples):
    program = nnark.compile(data / "tiny_mlp.onnx", samples, input="private", weights="baked")
    keys = nnark.setup(program)
    statement = keys.verifying_key.verify(keys.prove(samples[0]))
    assert statement.inputs[0].ints is None and statement.inputs[0].values is None
    assert "contract M" in keys.export_solidity("M")


def test_errors(keys, program, samples, tmp_path):
    with pytest.raises(nnark.MalformedError):
        nnark.compile(b"no model", samples)
    with pytest.raises(FileNotFoundError):
        nnark.compile(tmp_path / "none.onnx", samples)
    with pytest.raises(nnark.NnarkError):
        nnark.compile(data / "tiny_mlp.onnx", np.zeros((3, 5), np.float32))
    with pytest.raises(TypeError):
        nnark.compile(7, samples)
    with pytest.raises(nnark.NnarkError):
        nnark.compile(data / "tiny_mlp.onnx", samples, bits=99)
    with pytest.raises(nnark.InputError):
        keys.prove(samples[0] * 1e6)
    with pytest.raises(nnark.NnarkError):
        keys.prove(np.zeros(3, np.float32))
    with pytest.raises(nnark.UsageError):
        keys.prove(samples[0], context=-1)
    with pytest.raises(nnark.MalformedError):
        nnark.VerifyingKey(b"no key")
    with pytest.raises(nnark.MalformedError):
        keys.verifying_key.verify(b"{}")
    with pytest.raises(nnark.MalformedError):
        nnark.Program.from_bytes(b"no program")
    assert nnark.problems(data / "tiny_mlp.onnx") == ""


def test_callbacks(program):
    stages = []
    nnark.setup(program, progress=lambda stage, done: stages.append(stage))
    assert "setup" in stages

    class Stop(Exception):
        pass

    def stop(stage, done):
        raise Stop

    with pytest.raises(Stop):
        nnark.setup(program, progress=stop)


def test_interrupt(program):
    import _thread

    told = []

    def interrupt(stage, done):
        if not told:
            _thread.interrupt_main()
        told.append(stage)

    with pytest.raises(KeyboardInterrupt):
        nnark.setup(program, progress=interrupt)
        time.sleep(1)  # where the call was quicker than the interrupt


def test_threads(keys, samples):
    failures = []

    def work(i):
        try:
            keys.verifying_key.verify(keys.prove(samples[i]))
        except Exception as e:
            failures.append(e)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures


def test_memory_is_stable(keys, samples):
    """A thousand proofs take no more memory than the first hundred."""
    bound = keys.bind()

    def proofs(n):
        for _ in range(n):
            bound.prove(samples[0])
        gc.collect()
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    before = proofs(100)
    assert proofs(900) <= before * 1.25 + 20_000


def test_sklearn():
    pytest.importorskip("sklearn")
    skl2onnx = pytest.importorskip("skl2onnx")
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    x, y = load_iris(return_X_y=True)
    x = x.astype(np.float32)
    fitted = LogisticRegression(max_iter=1000).fit(x, y)
    onnx = skl2onnx.to_onnx(fitted, x[:1], options={"zipmap": False})
    program = nnark.compile(onnx, x, labels=["setosa", "versicolor", "virginica"])
    keys = nnark.setup(program)
    statement = keys.verifying_key.verify(keys.prove(x[100]))
    assert len(statement.outputs) == 2
    assert int(statement.outputs[0].values.ravel()[0]) == fitted.predict(x[100:101])[0]


def test_torch():
    torch = pytest.importorskip("torch")
    torch.manual_seed(1)
    net = torch.nn.Sequential(torch.nn.Linear(6, 5), torch.nn.ReLU(), torch.nn.Linear(5, 2))
    x = np.random.default_rng(1).normal(size=(40, 6)).astype(np.float32)
    program = nnark.compile(net, x)
    keys = nnark.setup(program)
    statement = keys.verifying_key.verify(keys.prove(torch.tensor(x[3])))
    np.testing.assert_allclose(statement.outputs[0].values.ravel(), net(torch.tensor(x[3])).detach().numpy(), atol=0.05)
