"""Ids of the s3prl scheme: what they may say, and what each refusal says."""

from __future__ import annotations

import pytest

from heschl.errors import BrokenPlugin, InvalidInput, MissingData
from heschl.models.s3prl import SCHEME


def test_card_of_signal_processing_is_untrained():
    card = SCHEME("fbank")
    assert (card.id, card.family, card.extra) == ("s3prl:fbank", "baseline", "s3prl")
    assert card.requires == ("torch", "s3prl", "torchaudio")
    assert card.training.is_trained is False


def test_card_of_released_weights_says_where_they_lie():
    card = SCHEME("hubert_base")
    assert card.training.is_trained
    assert card.url.endswith("hubert_base_ls960.pt")
    assert card.requires == ("torch", "s3prl")


def test_card_of_a_checkpoint_names_its_content(tmp_path):
    path = tmp_path / "my model&1.ckpt"
    path.write_bytes(b"first")
    location = f"hubert_custom?ckpt={tmp_path}/my%20model%261.ckpt"
    first = SCHEME(location).id
    assert first.startswith("s3prl:hubert_custom@my-model-1-")
    path.write_bytes(b"second, longer")
    assert SCHEME(location).id != first


def test_twins_have_seeds():
    assert SCHEME("byol_a_512").untrained_twin == "s3prl:byol_a_512-random"
    assert SCHEME("byol_a_512-random").id == "s3prl:byol_a_512-random"
    assert SCHEME("byol_a_512-random?seed=3").id == "s3prl:byol_a_512-random@3"
    assert SCHEME("byol_a_512-random").training.is_trained is False


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("hubert_custom", r"\?ckpt=/path"),
        ("stft_mag", r"\?config=/path"),
        ("hubert_custom?", "expected, once each"),
        ("hubert_custom?ckpt", "expected, once each"),
        ("hubert_custom?ckpt=", "expected, once each"),
        ("hubert_custom?path=/x", "expected, once each"),
        ("hubert_custom?ckpt=/x&ckpt=/y", "expected, once each"),
        ("hubert_custom?seed=1", r"takes only \?ckpt=, not seed="),
        ("hubert_url?ckpt=https://a.org/b.pt", "fetch it and name the file"),
        ("hubert_custom?ckpt=/x&trust=maybe", "not trust="),
        ("mel?trust=yes", "takes no settings, not trust="),
        ("mel?ckpt=/x", "takes no settings, not ckpt="),
        ("byol_a_512-random?seed=-1", "a whole number"),
        ("byol_a_512-random?ckpt=/x", "a whole number"),
    ],
)
def test_malformed_locations_are_refused(location, message):
    with pytest.raises(InvalidInput, match=message):
        SCHEME(location)


def test_a_checkpoint_that_is_not_there_is_refused_at_once():
    with pytest.raises(MissingData, match="nothing at"):
        SCHEME("hubert_custom?ckpt=/no/such/file")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ast", r"needs timm==0\.4\.5, and with it .* choose .* ast-audioset"),
        ("pase_plus", "needs pase from https://github.com/s3prl/pase, and with it"),
        ("cvhubert", "needs espnet, and with it"),
        ("vggish", "needs resampy, and with it .* our own VGGish"),
    ],
)
def test_nobody_is_sent_for_a_package_that_would_not_help(name, message):
    with pytest.raises(BrokenPlugin, match=message):
        SCHEME(name)


@pytest.mark.parametrize(
    "name", ["mos_wav2vec2", "byol_s_default", "vq_wav2vec_kmeans_roberta", "passt_base"]
)
def test_what_is_broken_says_why(name):
    with pytest.raises(BrokenPlugin, match="broken: "):
        SCHEME(name)
