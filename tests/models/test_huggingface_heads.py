"""Heads on top of encoders: those of a family are left out, others are refused."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'heschl[speech]'")
pytest.importorskip("transformers", reason="transformers is not installed")

import torch
import transformers
from huggingface_checkpoints import (
    KINDS,
    ONE_EACH,
    assert_same,
    put_weights,
    weights_of,
    write_checkpoint,
)

from heschl.errors import CorruptData
from heschl.models.huggingface import open_encoder
from heschl.models.huggingface.table import FAMILIES

SPEECH_HEADS = ("ForCTC", "ForSequenceClassification")
VERIFYING = ("ForAudioFrameClassification", "ForXVector")
HEADS = [
    *(("wav2vec2", f"Wav2Vec2{head}") for head in ("ForPreTraining", *SPEECH_HEADS, *VERIFYING)),
    *(("hubert", f"Hubert{head}") for head in SPEECH_HEADS),
    *(("wavlm", f"WavLM{head}") for head in (*SPEECH_HEADS, *VERIFYING)),
    *(("unispeech", f"UniSpeech{head}") for head in ("ForPreTraining", *SPEECH_HEADS)),
    *(
        ("unispeech-sat", f"UniSpeechSat{head}")
        for head in ("ForPreTraining", *SPEECH_HEADS, *VERIFYING)
    ),
    *(("data2vec-audio", f"Data2VecAudio{head}") for head in (*SPEECH_HEADS, *VERIFYING)),
    *(
        ("wav2vec2-conformer", f"Wav2Vec2Conformer{head}")
        for head in ("ForPreTraining", *SPEECH_HEADS, *VERIFYING)
    ),
    *(("sew", f"SEW{head}") for head in SPEECH_HEADS),
    *(("sew-d", f"SEWD{head}") for head in SPEECH_HEADS),
    *(("wav2vec2-bert", f"Wav2Vec2Bert{head}") for head in (*SPEECH_HEADS, *VERIFYING)),
    *(("whisper", f"Whisper{head}") for head in ("ForConditionalGeneration",)),
    ("whisper", "WhisperForAudioClassification"),
    ("audio-spectrogram-transformer", "ASTForAudioClassification"),
]


@pytest.mark.parametrize(("family", "network"), HEADS, ids=[network for _, network in HEADS])
def test_heads_are_no_part_of_the_encoder(family, network, tmp_path):
    """With any head that transformers has for it, an encoder gives what it gives without."""
    kind = KINDS[ONE_EACH[family]]
    with torch.random.fork_rng(devices=[]):
        config = getattr(transformers, kind.config)(
            **(kind.settings | {"use_weighted_layer_sum": True})
        )
        with_head = getattr(transformers, network)(config)
    alone = getattr(transformers, FAMILIES[family].network)(config)
    place = {"audio-spectrogram-transformer": "audio_spectrogram_transformer", "whisper": "model"}
    inner = place.get(family, family.replace("-", "_"))
    if network == "WhisperForAudioClassification":
        alone.encoder.load_state_dict(with_head.encoder.state_dict())
    else:
        alone.load_state_dict(getattr(with_head, inner).state_dict())
    for name, each in (("head", with_head), ("alone", alone)):
        each.save_pretrained(tmp_path / name)
        getattr(transformers, kind.extractor)(**kind.hears).save_pretrained(tmp_path / name)

    assert_same(open_encoder(str(tmp_path / "head")), open_encoder(str(tmp_path / "alone")))


@pytest.mark.parametrize(
    ("family", "head"),
    [
        ("encodec", "lm_head.weight"),
        ("wav2vec2", "decoder.layers.0.fc1.weight"),
        ("hubert", "quantizer.codevectors"),
        ("audio-spectrogram-transformer", "quantizer.codevectors"),
        ("whisper", "tdnn.0.kernel.weight"),
        ("wav2vec2", "feature_extractor.conv_layers.9.conv.weight"),
        ("sew", "speaker_proj.weight"),
    ],
)
def test_heads_of_other_families_are_refused(family, head, tmp_path):
    folder = write_checkpoint(tmp_path / "net", ONE_EACH[family])
    put_weights(folder, weights_of(folder) | {head: torch.zeros(3)})

    with pytest.raises(CorruptData, match="has left over 1 weights"):
        open_encoder(str(folder))
