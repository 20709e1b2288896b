"""Checkpoints of transformers: found on disk or on the hub, and loaded whole or refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import huggingface_hub
import huggingface_hub.errors
import torch
import transformers

from heschl.errors import CorruptData, InvalidInput, MissingData, near_names
from heschl.fingerprints import files_digest
from heschl.models.huggingface.table import FAMILIES, Family
from heschl.models.location import Location
from heschl.untrusted import read_json

__all__ = ["Checkpoint", "found_checkpoint", "loaded", "untrained"]

Network = Any  # a module of transformers, which has no types

_AT_MOST = 64 << 20
"""Bytes of a description; those of early Whispers hold their filters."""

_WEIGHTS = ("model.safetensors", "pytorch_model.bin")
_FOR_TRAINING = "masked_spec_embed"
"""What takes the place of masked frames in training; a network may have or lack it."""

_RENAMED = {"sew-d": {r"^sew_d\.": ""}}
"""Transformers 4.57 has another name for the network within its own heads than it saves."""


@dataclass(frozen=True)
class Checkpoint:
    """What lies in one place: descriptions, which have been read, and weights, which have not."""

    location: Location
    folder: Path
    config: Mapping[str, Any]
    """``config.json``."""
    preprocessor: Mapping[str, Any]
    """``preprocessor_config.json``."""

    @property
    def family(self) -> Family:
        """The architecture."""
        return FAMILIES[self.config["model_type"]]

    def weights(self) -> tuple[Path, ...]:
        """Return the files with the weights, fetched if need be; safetensors where there are."""
        for name in _WEIGHTS:
            whole = _file(self.location, name)
            if whole is not None:
                return (whole,)
            index = _file(self.location, f"{name}.index.json")
            if index is not None:
                shards = {str(shard) for shard in _json(index).get("weight_map", {}).values()}
                paths = [_file(self.location, Path(shard).name) for shard in sorted(shards)]
                if not paths or None in paths:
                    raise MissingData(f"{index} lists parts that are not there; fetch them again")
                return tuple(path for path in paths if path is not None)
        raise MissingData(
            f"{self.location.name!r} has no weights: neither {' nor '.join(_WEIGHTS)}, whole or in "
            "parts; give a checkpoint with its weights, or ?random=0 for the untrained twin"
        )


def found_checkpoint(location: Location) -> Checkpoint:
    """Return what lies in a folder or on the hub, after reading its descriptions."""
    name = location.name
    if location.is_on_disk and not Path(name).expanduser().is_dir():
        raise MissingData(f"{name} is a file; give the folder of a checkpoint, with config.json")
    config = _file(location, "config.json")
    if config is None:
        raise MissingData(
            f"{name!r} has no config.json{_unreached(location)}; give a folder or a name and "
            "commit with the checkpoint of a model of transformers"
        )
    said = _json(config)
    family = said.get("model_type")
    if family not in FAMILIES:
        kind = f"a {family!r}" if family else "something without a model_type"
        raise InvalidInput(
            f"{name!r} holds {kind}, which is no audio encoder that is known here; "
            f"{near_names(str(family), FAMILIES)} A language model is opened by lm:"
        )
    preprocessor = _file(location, "preprocessor_config.json")
    hears: Any  # of a file of anybody's
    if preprocessor is not None:
        hears = _json(preprocessor)
    else:
        processor = _file(location, "processor_config.json")
        hears = _json(processor).get("feature_extractor") if processor is not None else None
        if not isinstance(hears, Mapping):
            raise MissingData(
                f"{name!r} has no preprocessor_config.json, so it is not known how it hears, for "
                "example whether waveforms are standardised; fetch that of the release and put it "
                "beside config.json"
            )
    return Checkpoint(location, config.parent, said, hears)


def loaded(checkpoint: Checkpoint) -> tuple[Network, str]:
    """Return the network with the checkpoint's weights in float32, and their files' digest.

    Raises
    ------
    CorruptData
        If weights of the encoder are missing, left over or of another shape, so
        that part of it would be random or unused.
    """
    files = checkpoint.weights()
    family, name = checkpoint.family, checkpoint.location.name
    with _quietly(0):
        try:
            network, report = _network_class(family).from_pretrained(
                checkpoint.folder,
                config=_config(checkpoint),
                dtype=torch.float32,
                attn_implementation=family.attention,
                local_files_only=True,
                use_safetensors=files[0].suffix == ".safetensors",
                # A pickle may carry code to run.
                weights_only=True,
                ignore_mismatched_sizes=True,
                key_mapping=_RENAMED.get(family.model_type),
                output_loading_info=True,
            )
        except Exception as error:
            raise CorruptData(
                f"the weights of {name!r} do not load ({_first_line(error)}); fetch them again, or "
                "give the folder that belongs to its config.json"
            ) from error
    _check_complete(name, family, network, report)
    return network.float(), files_digest(files[0].parent, files)


def untrained(checkpoint: Checkpoint, seed: int) -> Network:
    """Return the network with weights drawn from ``seed``; only the descriptions are read."""
    family = checkpoint.family
    with _quietly(seed):
        try:
            config = _config(checkpoint)
            config._attn_implementation = family.attention  # noqa: SLF001  as from_pretrained does
            network = _network_class(family)(config)
        except Exception as error:
            raise InvalidInput(
                f"transformers {transformers.__version__} cannot build what the config.json of "
                f"{checkpoint.location.name!r} describes ({_first_line(error)})"
            ) from error
    return network.float()


def _network_class(family: Family) -> Any:  # a class of transformers
    return getattr(transformers, family.network)


def _config(checkpoint: Checkpoint) -> Any:  # of transformers
    name = checkpoint.location.name
    try:
        config = _network_class(checkpoint.family).config_class.from_pretrained(
            checkpoint.folder, local_files_only=True
        )
    except Exception as error:
        raise CorruptData(
            f"the config.json of {name!r} is none that transformers {transformers.__version__} "
            f"takes ({_first_line(error)})"
        ) from error
    if checkpoint.family.model_type == "whisper":
        # Only the encoder is heard.
        config.decoder_layers = 0
    return config


def _check_complete(name: str, family: Family, network: Any, report: Mapping[str, Any]) -> None:
    prefixes = (f"{network.base_model_prefix}.", f"{family.model_type.replace('-', '_')}.")
    faults = {
        "lacks": report["missing_keys"],
        "has left over": report["unexpected_keys"],
        "has in another shape": report["mismatched_keys"],
        "could not load": report.get("error_msgs") or (),
    }
    for fault, keys in faults.items():
        named = sorted(_shown(key) for key in keys if not _is_beside(_key(key), family, prefixes))
        if named:
            shown = ", ".join(named[:_SHOWN]) + ", ..." * (len(named) > _SHOWN)
            raise CorruptData(
                f"the checkpoint {name!r} {fault} {len(named)} weights of a {family.network}: "
                f"{shown}; part of it would be random or unused: give the checkpoint that this "
                "config.json belongs to"
            )


_SHOWN = 3


def _is_beside(key: str, family: Family, prefixes: tuple[str, ...]) -> bool:
    """Return whether a weight is no part of the encoder, or plays no part after training."""
    for prefix in prefixes:
        key = key.removeprefix(prefix)
    return key == _FOR_TRAINING or key in family.heads or key.partition(".")[0] in family.heads


def _key(found: Any) -> str:  # a name, or a name with two shapes
    return str(found[0] if isinstance(found, tuple) else found)


def _shown(found: Any) -> str:  # as above
    if not isinstance(found, tuple):
        return str(found)
    name, saved, built = found
    return f"{name} {tuple(saved)} for {tuple(built)}"


def _unreached(location: Location) -> str:
    # Without a connection the hub's library says no more than that the file is not in its cache.
    return (
        ""
        if location.is_on_disk
        else ", or the hub could not be reached, and its cache does not hold it: try again with a "
        "connection, or with HF_HUB_CACHE naming a cache that does"
    )


def _file(location: Location, name: str) -> Path | None:
    """Return where a file lies on this machine; None if there is none in that place."""
    if location.is_on_disk:
        path = Path(location.name).expanduser() / name
        return path if path.exists() else None
    try:
        return Path(
            huggingface_hub.hf_hub_download(location.name, name, revision=location.revision)
        )
    except huggingface_hub.errors.EntryNotFoundError:
        return None
    except (huggingface_hub.errors.HfHubHTTPError, ValueError, OSError) as error:
        raise MissingData(
            f"{name} of {location.name}@{location.revision} could not be fetched "
            f"({_first_line(error)}); check name, commit and connection, or give a folder"
        ) from error


def _json(path: Path) -> dict[str, Any]:
    said = read_json(path, at_most=_AT_MOST)
    if not isinstance(said, dict):
        raise CorruptData(f"{path} holds a {type(said).__name__}; expected names and values")
    return said


@contextmanager
def _quietly(seed: int) -> Iterator[None]:
    """Build from ``seed``, with no trace in the random state and nothing on the terminal."""
    bars: Any = transformers.utils.logging
    verbosity, had_bars = bars.get_verbosity(), bars.is_progress_bar_enabled()
    bars.set_verbosity_error()
    bars.disable_progress_bar()
    try:
        # Also while loading: what a checkpoint lacks is drawn before it can be refused.
        with torch.random.fork_rng(devices=[]), torch.device("cpu"):
            # torch.manual_seed would reach into the accelerators' random states too.
            torch.default_generator.manual_seed(seed)
            yield
    finally:
        bars.set_verbosity(verbosity)
        if had_bars:
            bars.enable_progress_bar()


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
