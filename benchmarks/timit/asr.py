"""Speech recognition on TIMIT: Moussa et al. 2025, "Downstream tasks".

The paper fine-tunes wav2vec 2.0 and HuBERT whole and reports 1 - WER, without code; the settings
here are ours, near those in wide use for TIMIT. Learned are the sentences of TRAIN, written down
those of TEST, without the two that all speakers read: no test speaker is heard in training, and no
test sentence. The convolutions stay as they are, as in most fine-tuning.
"""

from __future__ import annotations

from heschl.benchmarks.timit.asr_card import ASR
from heschl.metrics.asr import RecognitionBenchmark, Schedule, SpeechRecognition

__all__ = ["recognition"]


def recognition() -> RecognitionBenchmark:
    """Return the declaration."""
    return RecognitionBenchmark(
        card=ASR,
        metric=SpeechRecognition(
            Schedule(learning_rate=1e-4, n_epochs=30, batch_size=32), frozen="cnn"
        ),
        task="sentence",
        train={"part": "train", "kind": ("sx", "si")},
        test={"part": "test", "kind": ("sx", "si")},
    )
