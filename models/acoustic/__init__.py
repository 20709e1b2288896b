"""Signal processing as models: the baselines that every network has to beat.

All four cut 16 kHz sound into 25 ms frames every 10 ms, without padding: frame
``k`` covers the samples ``160 k`` up to ``160 k + 400`` and is centred 12.5 ms
after its first. Nothing outside a frame touches it.
"""

from __future__ import annotations

from heschl.cards import ModelCard

__all__ = ["CARDS", "ENVELOPE", "LOGMEL", "MFCC", "SPECTROGRAM"]

SPECTROGRAM = ModelCard(
    id="spectrogram",
    load="heschl.models.acoustic.model:spectrogram",
    summary="Log power spectrum: 201 bins from 0 to 8 kHz, 25 ms Hann windows every 10 ms",
    licence="BSD-3-Clause",
    family="acoustic",
    parameters=0,
)

LOGMEL = ModelCard(
    id="logmel",
    load="heschl.models.acoustic.model:logmel",
    summary="Log-mel spectrum: 80 Slaney bands from 0 to 8 kHz, 25 ms Hann windows every 10 ms",
    licence="BSD-3-Clause",
    citation="""@techreport{slaney1998auditory,
  author = {Slaney, Malcolm},
  title = {Auditory Toolbox, version 2},
  institution = {Interval Research Corporation},
  number = {1998-010},
  year = {1998},
}""",
    family="acoustic",
    parameters=0,
)

MFCC = ModelCard(
    id="mfcc",
    load="heschl.models.acoustic.model:mfcc",
    summary="Mel-frequency cepstrum: 13 coefficients, and 39 with their first and second deltas",
    licence="BSD-3-Clause",
    citation="""@article{davis1980comparison,
  author = {Davis, Steven B. and Mermelstein, Paul},
  title = {Comparison of parametric representations for monosyllabic word recognition in
           continuously spoken sentences},
  journal = {IEEE Transactions on Acoustics, Speech, and Signal Processing},
  volume = {28},
  number = {4},
  pages = {357--366},
  year = {1980},
  doi = {10.1109/TASSP.1980.1163420},
}""",
    family="acoustic",
    parameters=0,
)

ENVELOPE = ModelCard(
    id="envelope",
    load="heschl.models.acoustic.model:envelope",
    summary="Broadband amplitude envelope: root mean square under 25 ms Hann windows every 10 ms",
    licence="BSD-3-Clause",
    family="acoustic",
    parameters=0,
)

CARDS = (ENVELOPE, LOGMEL, MFCC, SPECTROGRAM)
