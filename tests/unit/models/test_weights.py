from pathlib import Path

import numpy as np

from models.weights import load, save


def test_what_was_saved_comes_back_within_rounding(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    base = {"layer.weight": rng.normal(size=(8, 16)).astype(np.float32)}
    learnt = 0.01 * rng.normal(size=(8, 16)).astype(np.float32)
    trained = {
        "layer.weight": base["layer.weight"] + learnt,
        "layer.bias": rng.normal(size=8).astype(np.float32),
        "head.weight": rng.normal(size=(4, 8)).astype(np.float32),
    }
    save(tmp_path / "w.safetensors", trained, base)
    loaded = load(tmp_path / "w.safetensors", base)
    assert loaded.keys() == trained.keys()
    np.testing.assert_array_equal(loaded["layer.bias"], trained["layer.bias"])
    np.testing.assert_allclose(loaded["head.weight"], trained["head.weight"], rtol=1e-3)
    step = np.abs(learnt).max(axis=1, keepdims=True) / 127
    assert (np.abs(loaded["layer.weight"] - trained["layer.weight"]) <= step / 2 + 1e-6).all()


def test_differences_are_stored_in_a_byte_each_and_an_untouched_matrix_stays_exact(tmp_path: Path) -> None:
    base = {"layer.weight": np.ones((256, 256), dtype=np.float32)}
    save(tmp_path / "w.safetensors", dict(base), base)
    assert (tmp_path / "w.safetensors").stat().st_size < 256 * 256 + 4096
    np.testing.assert_array_equal(
        load(tmp_path / "w.safetensors", base)["layer.weight"], base["layer.weight"]
    )


def test_without_a_base_everything_is_stored_whole(tmp_path: Path) -> None:
    matrix = np.full((2, 2), 0.1, dtype=np.float32)
    save(tmp_path / "w.safetensors", {"m": matrix}, {})
    np.testing.assert_allclose(load(tmp_path / "w.safetensors", {})["m"], matrix, rtol=1e-3)
