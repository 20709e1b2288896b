"""Audio models that transformers lacks: their files, cards, schemes and untrained twins."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'heschl[speech]'")

import pretrained_checkpoints as small
import torch

from heschl import plugins, registry
from heschl.errors import CorruptData, InvalidInput, MissingData, UnknownName
from heschl.models.pretrained_audio import loading, network, scheme, table
from heschl.models.pretrained_audio.checkpoints import read_checkpoint
from heschl.offers import state_of

FAMILIES = sorted(small.SMALL)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    return {name: small.written(folder, name) for name in FAMILIES}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_weight_is_loaded(family, files):
    held = small.weights(torch.load(files[family]))
    made = small.family(family).from_checkpoint(read_checkpoint(files[family]), files[family])
    for name, weight in made.state_dict().items():
        assert torch.equal(weight, held[name]), name
    assert held.keys() - made.state_dict().keys() <= {
        "predictor.weight",
        "predictor.bias",
        "head.w",
    }


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("fault", ["missing", "unexpected", "of another shape"])
def test_what_does_not_fit_is_refused_by_name(family, fault, tmp_path):
    held = small.content(family)
    state = small.weights(held)
    name = [key for key in state if key.endswith("bias") and "predictor" not in key][-1]
    if fault == "missing":
        del state[name]
    elif fault == "unexpected":
        name = "encoder.extra.weight"
        state[name] = torch.zeros(3)
    else:
        state[name] = torch.zeros(1, 1, 7)
    path = small.written(tmp_path, family, held)
    with pytest.raises(InvalidInput, match=f"{fault}: .*{name}"):
        registry.resolve_model(f"{family}:{path}")


@pytest.mark.parametrize("family", ["beats", "dasheng", "encodecmae"])
def test_another_familys_file_says_what_was_expected(family, files):
    with pytest.raises(InvalidInput, match="expected a release of"):
        registry.resolve_model(f"{family}:{files['vggish']}")


class Payload:
    """What a pickle can do: this one would write a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.write_text, (self.path, "ran"))


def test_code_in_a_file_runs_only_if_it_is_trusted(tmp_path):
    ran = tmp_path / "ran.txt"
    path = small.written(tmp_path, "vggish", {**small.content("vggish"), "x": Payload(ran)})
    with pytest.raises(InvalidInput, match=r"\?trust=yes"):
        registry.resolve_model(f"vggish:{path}")
    assert not ran.exists()
    with pytest.raises(InvalidInput, match="unexpected: x"):
        registry.resolve_model(f"vggish:{path}?trust=yes")
    assert ran.exists()


def test_half_a_file_is_told_from_a_dangerous_one(files, tmp_path):
    half = tmp_path / "half.pt"
    half.write_bytes(files["beats"].read_bytes()[:1000])
    with pytest.raises(CorruptData, match="fetch it again"):
        registry.resolve_model(f"beats:{half}")
    with pytest.raises(MissingData):
        registry.resolve_model(f"beats:{tmp_path / 'none.pt'}")
    with pytest.raises(InvalidInput, match="mapping"):
        registry.resolve_model(f"beats:{small.written(tmp_path, 'beats', [1])}")


@pytest.mark.parametrize(
    ("location", "error", "told"),
    [
        ("dasheng:x.pt?trust=maybe", InvalidInput, "trust=yes"),
        ("dasheng:https://example.org/x.pt", InvalidInput, "fetch it"),
        ("dasheng:base", UnknownName, "'dasheng-base'"),
        ("untrained:dasheng-base?seed=-1", InvalidInput, "whole number"),
        ("untrained:logmel", InvalidInput, "no untrained twin"),
    ],
)
def test_other_locations_are_refused(location, error, told):
    with pytest.raises(error, match=told.replace("?", r"\?")):
        registry.resolve_model(location)


def test_a_release_says_where_to_get_its_file(tmp_path, monkeypatch):
    monkeypatch.setenv("HESCHL_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("HESCHL_MIRROR", str(tmp_path / "mirror"))
    with pytest.raises(MissingData, match=r"zenodo\.org.*dasheng:/path/to/dasheng_base\.pt"):
        registry.resolve_model("dasheng-base")
    assert state_of(registry.models.card("dasheng-base")) == "needs weights"
    assert state_of(registry.models.card("dasheng-base-random")) == "ready"
    folder = tmp_path / "mirror" / "pretrained_audio"
    folder.mkdir(parents=True)
    small.written(folder, "dasheng").rename(folder / "dasheng_base.pt")
    assert registry.resolve_model("dasheng-base").card.id == "dasheng-base"
    assert state_of(registry.models.card("dasheng-base")) == "ready"
    small.written(folder, "vggish").rename(folder / "vggish-10086976.pth")
    with pytest.raises(CorruptData, match="begins with 10086976"):
        registry.resolve_model("vggish")


@pytest.mark.parametrize("family", FAMILIES)
def test_a_twin_depends_on_its_seed_alone(family, monkeypatch):
    architectures = {"small": small.SMALL[family]}
    monkeypatch.setattr(small.family(family), "ARCHITECTURES", architectures)
    before = torch.random.get_rng_state()
    made = [loading.untrained(_card(f"t{k}"), family, "small", k % 5) for k in range(6)]
    assert torch.equal(torch.random.get_rng_state(), before)
    assert len({each.digest for each in made}) == 5
    assert made[0].digest == made[5].digest
    weights = [torch.cat([w.flatten() for w in m._module.parameters()]) for m in made]
    assert torch.equal(weights[0], weights[5])
    assert not torch.equal(weights[0], weights[1])


def _card(name):
    return scheme.ModelCard(name, "a:b", "small")


@pytest.mark.parametrize("twin", sorted(table.twins()))
def test_the_card_counts_the_weights(twin):
    release = table.twins()[twin]
    module = small.family(release.family)
    with torch.device("meta"):
        made = module.untrained(**module.ARCHITECTURES[release.architecture])
    counted = sum(weight.numel() for weight in made.parameters())
    assert counted == release.parameters
    assert counted == registry.models.card(twin).parameters
    described: network.Described = made.described()
    assert len(described.clocks) > 1


def test_each_release_and_twin_is_registered_and_linked():
    claimed = {
        claim.name
        for claim in plugins.claims("heschl.models")
        if "heschl.models.pretrained_audio" in claim.origin
    }
    assert claimed == set(table.releases()) | set(table.twins())
    for name, release in table.releases().items():
        trained = registry.models.card(name)
        twin = registry.models.card(trained.untrained_twin)
        assert (trained.parameters, trained.family) == (twin.parameters, twin.family)
        assert trained.training.is_trained
        assert twin.training.is_trained is False
        assert release.address.startswith("https://")


def test_seeds_stand_behind_the_scheme_of_twins():
    assert registry.resolve_model("untrained:encodecmae-small").card.id == "encodecmae-small-random"
    made = registry.resolve_model("untrained:encodecmae-small?seed=3")
    assert made.card.id == made.object.card.id == "encodecmae-small-random@3"
    assert made.object.digest != registry.resolve_model("encodecmae-small-random").object.digest


def test_what_no_source_vouches_for_is_on_no_card():
    assert registry.models.card("beats-iter3").training.hours is None
    assert registry.models.card("encodecmae-base").licence == ""
    assert registry.models.card("dasheng-base").training.hours == 272_000


def test_cards_are_light():
    code = (
        "import sys, heschl.models.pretrained_audio as m, heschl.models.untrained as u; "
        "m.DASHENG_BASE, m.BEATS_RANDOM, u.TWINS; "
        "print([n for n in ('numpy', 'scipy', 'torch', 'transformers') if n in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
