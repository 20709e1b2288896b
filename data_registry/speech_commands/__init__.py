"""Speech Commands v0.02: one-second recordings of 35 words (Warden 2018)."""

from __future__ import annotations

from heschl.cards import DatasetCard

__all__ = ["SPEECH_COMMANDS"]

SPEECH_COMMANDS = DatasetCard(
    id="speech_commands",
    load="heschl.data_registry.speech_commands.loader:SpeechCommands",
    summary="105,829 recordings of 35 spoken words, with the official split",
    licence="CC-BY-4.0",
    citation="""\
@article{warden2018speech,
  title = {Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition},
  author = {Warden, Pete},
  journal = {arXiv preprint arXiv:1804.03209},
  year = {2018},
}
""",
    url="https://arxiv.org/abs/1804.03209",
    access="open",
    how_to_get="heschl fetch speech_commands brings one archive, with the size and SHA-256 that "
    "other libraries pin (its author published none); unpack it in its folder: "
    "tar -xzf speech_commands_v0.02.tar.gz",
    languages=("en",),
    recording="labelled sounds",
    phantom="heschl.data_registry.speech_commands.phantom:write_phantom",
    phantom_version=2,
    manifest="heschl.data_registry:speech_commands/manifest.tsv",
)
