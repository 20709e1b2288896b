"""The families of s3prl: what each one's hidden states are and where their frames lie.

Layers carry the names of the house: ``cnn`` is the raw output of the convolutions,
``embed`` the input of the first block, ``block.k`` the output of block ``k``, and
``final`` follows a last normalisation where the architecture has one. None but the
families that say so in their traits may be padded: attention, statistics over time
(group norm, cepstral mean) and mirrored edges all hear the zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from heschl.models.s3prl import spectral_families as spectral
from heschl.models.s3prl import waveform_families as waveform
from heschl.models.s3prl.network import Described

__all__ = ["FAMILIES"]

FAMILIES: Mapping[str, Callable[[Any], Described]] = {
    "apc": spectral.recurrent,
    "audio_albert": spectral.reconstructing,
    "baseline": spectral.signal,
    "cpc": waveform.contrastive,
    "data2vec": waveform.attending,
    "decoar": spectral.two_way,
    "decoar2": spectral.attending_spectra,
    "decoar_layers": spectral.two_way,
    "distiller": waveform.distilled,
    "example": waveform.example,
    "hf_hubert": waveform.transformed,
    "hf_wav2vec2": waveform.transformed,
    "hubert": waveform.attending,
    "lighthubert": waveform.shrunk,
    "log_stft": spectral.magnitudes,
    "mae_ast": spectral.patched,
    "mockingjay": spectral.reconstructing,
    "multires_hubert": waveform.halving,
    "npc": spectral.masking,
    "tera": spectral.reconstructing,
    "unispeech_sat": waveform.attending,
    "vq_apc": spectral.recurrent,
    "vq_wav2vec": waveform.convolving,
    "wav2vec": waveform.convolving,
    "wav2vec2": waveform.attending,
    "wavlm": waveform.attending,
}
"""For each family, by the module that makes it, what describes its expert."""
