"""From an upstream's name to a model: one family at a time, without ``s3prl.hub``."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from heschl.cards import ModelCard
from heschl.data_folders import default_data_folder
from heschl.errors import BrokenPlugin, HeschlError, InvalidInput, MissingData, MissingExtra
from heschl.manifest import Manifest
from heschl.models.s3prl.byol_a import WIDTHS, described_byol_a, untrained_checkpoint
from heschl.models.s3prl.checkpoints import CHECKS, check_before
from heschl.models.s3prl.clock import SAMPLE_RATE
from heschl.models.s3prl.compatibility import make_compatible
from heschl.models.s3prl.families import FAMILIES
from heschl.models.s3prl.network import Described, Network
from heschl.models.s3prl.quiet import quiet_construction
from heschl.models.s3prl.table import Upstream, upstreams
from heschl.models.s3prl.untrusted import check_harmless
from heschl.models.torch_module import TorchModel

__all__ = ["load_untrained", "load_upstream"]

_LOADERS = {
    "apc": "apc_local",
    "audio_albert": "audio_albert_local",
    "cpc": "cpc_local",
    "data2vec": "data2vec_custom",
    "decoar": "decoar_custom",
    "decoar2": "decoar2_custom",
    "decoar_layers": "decoar_layers_custom",
    "distiller": "distiller_local",
    "hf_hubert": "hf_hubert_custom",
    "hf_wav2vec2": "hf_wav2vec2_custom",
    "hubert": "hubert_custom",
    "lighthubert": "lighthubert_local",
    "mae_ast": "mae_ast_local",
    "mockingjay": "mockingjay_local",
    "multires_hubert": "multires_hubert_custom",
    "npc": "npc_local",
    "tera": "tera_local",
    "unispeech_sat": "unispeech_sat_local",
    "vq_wav2vec": "vq_wav2vec_custom",
    "wav2vec": "wav2vec_custom",
    "wav2vec2": "wav2vec2_custom",
    "wavlm": "wavlm_local",
}
"""For each family, the function that takes the path of a checkpoint."""

_CONFIGURED = {"baseline": "baseline_local", "log_stft": "stft_mag"}
"""For each family of signal processing, the function that takes the path of a configuration."""

_NARROW = 128
"""Up to this many units one processor thread is as fast as several."""


def load_upstream(
    card: ModelCard,
    name: str,
    checkpoint: Path | None = None,
    config: Path | None = None,
    *,
    is_trusted: bool = False,
) -> TorchModel:
    """Return the upstream ``name``, with its released weights or those of ``checkpoint``.

    Parameters
    ----------
    card
        The metadata, as the scheme wrote it.
    name
        As the table of upstreams has it.
    checkpoint
        A file in the format of the family's releases; for ``hf_*`` a folder of transformers.
        By default the released weights are fetched.
    config
        For ``baseline_local`` and ``stft_mag``: the YAML file of the features.
    is_trusted
        Whether code that a checkpoint may carry can be run.
    """
    make_compatible()
    upstream = upstreams()[name]
    if checkpoint is None and upstream.weights:
        checkpoint = _released(upstream)
    if checkpoint is not None:
        check_before(upstream.family, checkpoint)
        if checkpoint.is_file():
            check_harmless(upstream.family, checkpoint, is_trusted=is_trusted)
    expert = _expert(card.id, upstream, checkpoint, config)
    if upstream.family in CHECKS and checkpoint is not None:
        CHECKS[upstream.family](expert, checkpoint)
    return _model(card, upstream, expert)


def load_untrained(card: ModelCard, name: str, seed: int) -> TorchModel:
    """Return BYOL-A as it is before training, with weights drawn from ``seed``."""
    make_compatible()
    upstream = upstreams()[name]
    with tempfile.TemporaryDirectory() as folder:
        with quiet_construction(seed):
            checkpoint = untrained_checkpoint(name, Path(folder))
        expert = _expert(card.id, upstream, checkpoint, None)
    return _model(card, upstream, expert)


def _released(upstream: Upstream) -> Path:
    """Return where the released weights lie on this machine, fetched if need be."""
    manifest = Manifest.read("heschl.models:s3prl/weights.tsv")
    listed = {Path(file.path).name: file for file in manifest.files}
    file = listed.get(upstream.weights.rpartition("/")[2])
    if file is not None:
        folder = default_data_folder(manifest.dataset)
        # The weights decide every number: they are compared with their hash each time.
        manifest.fetch(folder, verify=True)
        return folder / file.path
    from s3prl.util.download import _urls_to_filepaths

    try:
        return Path(_urls_to_filepaths(upstream.weights))
    except (Exception, SystemExit) as error:
        raise MissingData(
            f"the weights of s3prl:{upstream.name} could not be fetched from {upstream.weights} "
            f"({type(error).__name__}: {error}); fetch them elsewhere and name the file: "
            f"s3prl:{upstream.name}?ckpt=/path/to/it"
        ) from error


def _expert(whose: str, upstream: Upstream, checkpoint: Path | None, config: Path | None) -> Any:
    """Return s3prl's own module, made from seed 0 and with its weights."""
    family = upstream.family
    given = checkpoint or config
    try:
        with quiet_construction():
            # VQ-APC is APC with a codebook, and has no loader of its own.
            home = "apc" if family == "vq_apc" else family
            hub = importlib.import_module(f"s3prl.upstream.{home}.hubconf")
            if family == "byol_a":
                width = WIDTHS[upstream.name]
                return hub._UpstreamExpert(str(given), hub.DEFAULT_CONFIG_PATH, width)  # noqa: SLF001  the public functions download
            loader = _LOADERS.get(home) if checkpoint else _CONFIGURED.get(family)
            if loader is None or given is None:
                return getattr(hub, upstream.name)()
            return getattr(hub, loader)(str(given))
    except HeschlError:
        raise
    except ModuleNotFoundError as error:
        raise MissingExtra(f"{whose} needs {error.name}; run: pip install {error.name}") from error
    except SystemExit as error:
        raise MissingExtra(
            f"s3prl ended the program while it made {whose}, which it does where a package is "
            "missing; `heschl list models --scheme s3prl` shows what each upstream needs"
        ) from error
    except Exception as error:
        if given is None:
            raise BrokenPlugin(
                f"s3prl cannot make {whose}, {type(error).__name__}: {error}"
            ) from error
        reason = " ".join(str(error).split())[:_LONGEST_REASON]
        raise InvalidInput(
            f"s3prl cannot load {given} as {whose} ({type(error).__name__}: {reason}); give a "
            f"checkpoint of the family {family!r} in the format of its releases"
        ) from error


_LONGEST_REASON = 400


def _model(card: ModelCard, upstream: Upstream, expert: torch.nn.Module) -> TorchModel:
    described = (described_byol_a if upstream.family == "byol_a" else FAMILIES[upstream.family])(
        expert
    )
    network = Network(expert, described)
    taps = {name: f"expert.{place}" for name, place in described.modules.items()}
    states = dict(zip(described.states, network.taps, strict=True))
    widths = [weight.shape[0] for weight in expert.parameters() if weight.ndim > 1]
    with quiet_construction():
        return TorchModel(
            card,
            network,
            sample_rate=SAMPLE_RATE,
            # From the sound's side up: what is tapped beside the states are the convolutions.
            taps={**taps, **states},
            traits=described.traits,
            channels_first=described.channels_first,
            n_threads=1 if max(widths, default=0) <= _NARROW else None,
            **_clocks(described, [*taps, *states]),
        )


def _clocks(described: Described, names: list[str]) -> dict[str, Any]:
    clocks = described.clock
    each = {name: clocks[name] if isinstance(clocks, Mapping) else clocks for name in names}
    return {
        "stride": {name: clock.stride for name, clock in each.items()},
        "receptive_field": {name: clock.receptive_field for name, clock in each.items()},
        "padding": {name: (clock.padding, clock.padding) for name, clock in each.items()},
    }
