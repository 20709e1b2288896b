"""The card of speech recognition on TIMIT."""

from __future__ import annotations

from heschl.cards import BenchmarkCard

__all__ = ["ASR"]

ASR = BenchmarkCard(
    id="timit-asr",
    load="heschl.benchmarks.timit.asr:recognition",
    summary="Words of TIMIT that a model writes down rightly after fine-tuning (1 - WER)",
    licence="BSD-3-Clause",
    citation="""\
@inproceedings{moussa2025brain,
  title = {Improving Semantic Understanding in Speech Language Models via Brain-tuning},
  author = {Moussa, Omer and Klakow, Dietrich and Toneva, Mariya},
  booktitle = {International Conference on Learning Representations},
  year = {2025}
}
""",
    requires=("torch",),
    extra="speech",
    version=1,
    dataset="timit",
    metric="asr",
    protocol="moussa2025.downstream",
    unit_of_uncertainty="speaker",
)
