import importlib.metadata

from schemas import extras


def test_beside_an_installed_wheel_an_extra_is_its_packages(
    tmp_path, monkeypatch
):
    checkout = 'pip install -c constraints.txt -e ".[jax-cuda]"'
    assert extras.install("jax-cuda") == checkout
    monkeypatch.setattr(extras, "_ROOT", str(tmp_path))
    monkeypatch.setattr(
        importlib.metadata,
        "requires",
        lambda name: [
            "numpy<2.5,>=2",
            'jax>=0.10; extra == "jax"',
            'jax[cuda12]>=0.10; extra == "jax-cuda"',
            'onnx; extra == "export"',
            'tf2onnx; extra == "export"',
        ],
    )
    install = extras.install
    assert install("jax-cuda") == 'pip install "jax[cuda12]>=0.10"'
    assert install("export") == 'pip install "onnx" "tf2onnx"'


def test_without_an_installation_an_extra_is_the_checkouts(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(extras, "_ROOT", str(tmp_path))
    monkeypatch.setattr(extras, "_DISTRIBUTION", "no-such-distribution")
    assert extras.install("export").endswith('-e ".[export]"')
