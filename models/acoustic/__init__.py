"""Signal processing as models: the baselines that every network has to beat.

All but three cut 16 kHz sound into 25 ms frames every 10 ms, without padding:
frame ``k`` covers the samples ``160 k`` up to ``160 k + 400`` and is centred
12.5 ms after its first. `ONSET`, `MODULATION` and the deltas of `MFCC` combine
neighbouring frames; `MEL_128` and the power spectra have longer ones, see
`heschl.models.acoustic.mel` and `powspec`. Nothing outside of its receptive field touches
a frame.
"""

from __future__ import annotations

from heschl.cards import UNTRAINED, ModelCard

__all__ = [
    "CARDS",
    "ENVELOPE",
    "FBANK_40",
    "LOGMEL",
    "MEL_128",
    "MFCC",
    "MODULATION",
    "ONSET",
    "POWSPEC_8K",
    "POWSPEC_448",
    "SPECTROGRAM",
]

SPECTROGRAM = ModelCard(
    id="spectrogram",
    load="heschl.models.acoustic.model:spectrogram",
    summary="Log power spectrum: 201 bins from 0 to 8 kHz, 25 ms Hann windows every 10 ms",
    licence="BSD-3-Clause",
    family="acoustic",
    parameters=0,
    training=UNTRAINED,
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
    training=UNTRAINED,
)

_MCFEE = """@inproceedings{mcfee2015librosa,
  author = {McFee, Brian and Raffel, Colin and Liang, Dawen and Ellis, Daniel P. W. and
            McVicar, Matt and Battenberg, Eric and Nieto, Oriol},
  title = {librosa: Audio and Music Signal Analysis in Python},
  booktitle = {Proceedings of the 14th Python in Science Conference},
  pages = {18--24},
  year = {2015},
  doi = {10.25080/Majora-7b98e3ed-003},
}"""

MEL_128 = ModelCard(
    id="mel-128",
    load="heschl.models.acoustic.model:mel_128",
    summary="Log-mel spectrum as librosa's: 128 bands, 128 ms Hann windows every 32 ms",
    licence="BSD-3-Clause",
    citation=_MCFEE,
    family="acoustic",
    parameters=0,
    training=UNTRAINED,
)

FBANK_40 = ModelCard(
    id="fbank-40",
    load="heschl.models.acoustic.model:fbank_40",
    summary="Log-mel filter bank: 40 Slaney bands from 0 to 8 kHz, 25 ms windows every 10 ms",
    licence="BSD-3-Clause",
    citation=LOGMEL.citation,
    family="acoustic",
    parameters=0,
    training=UNTRAINED,
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
    training=UNTRAINED,
)

ENVELOPE = ModelCard(
    id="envelope",
    load="heschl.models.acoustic.model:envelope",
    summary="Broadband amplitude envelope: root mean square under 25 ms Hann windows every 10 ms",
    licence="BSD-3-Clause",
    family="acoustic",
    parameters=0,
    training=UNTRAINED,
)

ONSET = ModelCard(
    id="onset",
    load="heschl.models.acoustic.model:onset",
    summary="Acoustic onsets: how much 80 log-mel bands rise in 10 ms, each and on average",
    licence="BSD-3-Clause",
    citation="""@article{daube2019simple,
  author = {Daube, Christoph and Ince, Robin A. A. and Gross, Joachim},
  title = {Simple Acoustic Features Can Explain Phoneme-Based Predictions of Cortical Responses
           to Speech},
  journal = {Current Biology},
  volume = {29},
  number = {12},
  pages = {1924--1937},
  year = {2019},
  doi = {10.1016/j.cub.2019.04.067},
}""",
    family="acoustic",
    parameters=0,
    training=UNTRAINED,
)

MODULATION = ModelCard(
    id="modulation",
    load="heschl.models.acoustic.model:modulation",
    summary="Spectro-temporal modulations: 45 ripples of 2 to 32 Hz and 0 to 4 cycles per octave",
    licence="BSD-3-Clause",
    citation="""@article{singh2003modulation,
  author = {Singh, Nandini C. and Theunissen, Fr{\\'e}d{\\'e}ric E.},
  title = {Modulation spectra of natural sounds and ethological theories of auditory processing},
  journal = {Journal of the Acoustical Society of America},
  volume = {114},
  number = {6},
  pages = {3394--3411},
  year = {2003},
  doi = {10.1121/1.1624067},
}
@article{chi2005multiresolution,
  author = {Chi, Taishih and Ru, Powen and Shamma, Shihab A.},
  title = {Multiresolution spectrotemporal analysis of complex sounds},
  journal = {Journal of the Acoustical Society of America},
  volume = {118},
  number = {2},
  pages = {887--906},
  year = {2005},
  doi = {10.1121/1.1945807},
}""",
    family="acoustic",
    parameters=0,
    training=UNTRAINED,
)

_DE_HEER = """@article{deheer2017hierarchical,
  author = {{de Heer}, Wendy A. and Huth, Alexander G. and Griffiths, Thomas L. and
            Gallant, Jack L. and Theunissen, Fr{\\'e}d{\\'e}ric E.},
  title = {The Hierarchical Cortical Organization of Human Speech Processing},
  journal = {Journal of Neuroscience},
  volume = {37},
  number = {27},
  pages = {6539--6557},
  year = {2017},
  doi = {10.1523/JNEUROSCI.3267-16.2017},
}"""

POWSPEC_448 = ModelCard(
    id="powspec-448",
    load="heschl.models.acoustic.model:powspec_448",
    summary="Log power in 448 bands of 33.5 Hz up to 15 kHz; needs sound recorded above 30.1 kHz",
    licence="BSD-3-Clause",
    citation=_DE_HEER,
    family="acoustic",
    parameters=0,
    training=UNTRAINED,
)

POWSPEC_8K = ModelCard(
    id="powspec8k",
    load="heschl.models.acoustic.model:powspec_8k",
    summary="Log power in 238 bands of 33.5 Hz below 8 kHz: powspec-448 for sound of 16 kHz",
    licence="BSD-3-Clause",
    citation=_DE_HEER,
    family="acoustic",
    parameters=0,
    training=UNTRAINED,
)

CARDS = (
    ENVELOPE,
    FBANK_40,
    LOGMEL,
    MEL_128,
    MFCC,
    MODULATION,
    ONSET,
    POWSPEC_448,
    POWSPEC_8K,
    SPECTROGRAM,
)
