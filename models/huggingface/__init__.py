"""The audio encoders of transformers.

::

    hf:./folder                                      a checkpoint as it is released
    hf:facebook/hubert-base-ls960@<commit>           the same from the hub, pinned
    hf:facebook/hubert-base-ls960@<commit>?random=0  its untrained twin, from a seed

`heschl list --scheme hf` shows the families. A checkpoint is ``config.json``,
``preprocessor_config.json`` and weights, complete or refused; the twin reads the first two alone.
What the preprocessor does to a sound, such as standardising it, is done to every window.

Layers carry the same names in all of them: ``cnn`` is the raw output of the
convolutions, ``embed`` the input of the first transformer block, ``block.k``
the output of block ``k``, and ``final`` follows a last normalisation where the
architecture has one. Beside them:

- SEW halves the pace for its blocks; ``final`` is the output that restores it.
- Whisper lengthens every sound to 30 s. Of its frames those are given that see sound, the last of
  them at its edge: the last valid frame of the encoding-model literature.
- AST does so to 10.24 s. A frame is the mean over frequency of its patches, without the tokens
  that stand for the whole sound.
- EnCodec has ``cnn``, its recurrent layer ``block.0``, and ``final``, before quantisation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heschl.cards import UNTRAINED, ModelCard
from heschl.models.huggingface.citations import CITATIONS
from heschl.models.huggingface.scheme import EncoderScheme

if TYPE_CHECKING:
    from heschl.models.torch_module import TorchModel

__all__ = ["CARDS", "SCHEME", "WAV2VEC2_BASE_RANDOM", "WAV2VEC2_RANDOM", "open_encoder"]

SCHEME = EncoderScheme()


def open_encoder(location: str, card: ModelCard | None = None) -> TorchModel:
    """Return the encoder at a location, under a card of its own or the one given.

    Parameters
    ----------
    location
        What follows ``hf:`` in an id: a folder, or a name on the hub and its
        commit; ``?random=0`` behind it draws the weights from that seed instead
        of loading them.
    card
        The metadata, where the location has a name in the registry.
    """
    ModelCard("hf", "", "", requires=("torch", "transformers"), extra="speech").check_requirements()
    from heschl.models.torchaudio_stub import importable_torchaudio

    # Transformers imports it with its networks, where it is installed.
    importable_torchaudio()
    from heschl.models.huggingface import opening

    return opening.encoder(location, card)


WAV2VEC2_RANDOM = ModelCard(
    id="wav2vec2-random",
    load="heschl.models.huggingface.random_wav2vec2:reduced",
    summary="wav2vec 2.0 with random weights, narrow and 3 blocks deep, for laptops",
    requires=("torch", "transformers"),
    extra="speech",
    licence="BSD-3-Clause",
    citation=CITATIONS["wav2vec2"],
    family="wav2vec2",
    parameters=70_112,
    training=UNTRAINED,
)

WAV2VEC2_BASE_RANDOM = ModelCard(
    id="wav2vec2-base-random",
    load="heschl.models.huggingface.random_wav2vec2:base",
    summary="wav2vec 2.0 with random weights in the base size: 12 blocks of 768 units",
    requires=("torch", "transformers"),
    extra="speech",
    licence="BSD-3-Clause",
    citation=CITATIONS["wav2vec2"],
    family="wav2vec2",
    parameters=94_370_944,
    training=UNTRAINED,
)

CARDS = (WAV2VEC2_BASE_RANDOM, WAV2VEC2_RANDOM)
