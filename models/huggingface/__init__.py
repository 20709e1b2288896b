"""Networks of the transformers library; so far the untrained wav2vec 2.0.

Layers carry the same names in all of them: ``cnn`` is the raw output of the
convolutions, ``embed`` the input of the first transformer block, ``block.k``
the output of block ``k``, and ``final`` follows a last normalisation where the
architecture has one.
"""

from __future__ import annotations

from heschl.cards import ModelCard

__all__ = ["CARDS", "WAV2VEC2_BASE_RANDOM", "WAV2VEC2_RANDOM"]

_CITATION = """@inproceedings{baevski2020wav2vec,
  author = {Baevski, Alexei and Zhou, Yuhao and Mohamed, Abdelrahman and Auli, Michael},
  title = {wav2vec 2.0: A Framework for Self-Supervised Learning of Speech Representations},
  booktitle = {Advances in Neural Information Processing Systems},
  volume = {33},
  pages = {12449--12460},
  year = {2020},
}"""

WAV2VEC2_RANDOM = ModelCard(
    id="wav2vec2-random",
    load="heschl.models.huggingface.random_wav2vec2:reduced",
    summary="wav2vec 2.0 with random weights, narrow and 3 blocks deep, for laptops",
    requires=("torch", "transformers"),
    extra="speech",
    licence="BSD-3-Clause",
    citation=_CITATION,
    family="wav2vec2",
    parameters=70_112,
)

WAV2VEC2_BASE_RANDOM = ModelCard(
    id="wav2vec2-base-random",
    load="heschl.models.huggingface.random_wav2vec2:base",
    summary="wav2vec 2.0 with random weights in the base size: 12 blocks of 768 units",
    requires=("torch", "transformers"),
    extra="speech",
    licence="BSD-3-Clause",
    citation=_CITATION,
    family="wav2vec2",
    parameters=94_370_944,
)

CARDS = (WAV2VEC2_BASE_RANDOM, WAV2VEC2_RANDOM)
