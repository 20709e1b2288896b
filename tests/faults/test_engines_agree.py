"""The same suite gives the same bits wherever it runs, and each sound is heard once."""

from __future__ import annotations

import pytest
from engine_suites import BENCHMARKS, MODELS, agreement


@pytest.mark.long
def test_suite_gives_the_same_bits_on_every_engine(tmp_path, store_folder, monkeypatch):
    pytest.importorskip("distributed", reason="needs the extra dask")
    pytest.importorskip("submitit", reason="needs the extra slurm")
    for name in ("HEARD", "PYTHONPATH"):
        monkeypatch.setenv(name, "")  # given back afterwards

    counts = agreement(tmp_path, (store_folder / "phantoms").resolve(), MODELS, BENCHMARKS)

    assert counts["sounds heard"] > 0
    assert counts["heard again on other engines"] == 0
    assert counts["differing scores"] == 0
