"""``s3prl:NAME`` as the id of a model; reads the table alone until a model is loaded.

``s3prl:hubert_base`` has the released weights, ``s3prl:hubert_custom?ckpt=/path`` those of a file
of yours (``&trust=yes`` lets code that it carries run), ``s3prl:stft_mag?config=/path`` takes a
configuration of yours, and ``s3prl:byol_a_512-random?seed=1`` is an untrained twin. Write a space,
``&`` or ``%`` in a path as ``%20``, ``%26`` or ``%25``.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from heschl.cards import UNTRAINED, ModelCard, Training
from heschl.errors import (
    BrokenPlugin,
    InvalidInput,
    MissingData,
    MissingExtra,
    UnknownName,
    near_names,
)
from heschl.fingerprints import file_digest, files_digest
from heschl.models.s3prl.table import Upstream, upstreams
from heschl.offers import Offer

if TYPE_CHECKING:
    from heschl.models.torch_module import TorchModel

__all__ = ["UpstreamScheme"]

_RANDOM = "-random"
_TWINS = ("byol_a_512", "byol_a_1024", "byol_a_2048")
_CONFIGURED = ("baseline_local", "stft_mag")
_WITHOUT_CHECKPOINT = ("baseline", "example", "log_stft")

_CITATION = """@inproceedings{yang2021superb,
  author = {Yang, Shu-wen and Chi, Po-Han and Chuang, Yung-Sung and Lai, Cheng-I Jeff and others},
  title = {SUPERB: Speech Processing Universal PERformance Benchmark},
  booktitle = {Interspeech},
  pages = {1194--1198},
  year = {2021},
}"""

_BYOL_A_CITATION = """@inproceedings{niizumi2021byol,
  author = {Niizumi, Daisuke and Takeuchi, Daiki and Ohishi, Yasunori and Harada, Noboru and
            Kashino, Kunio},
  title = {BYOL for Audio: Self-Supervised Learning for General-Purpose Audio Representation},
  booktitle = {International Joint Conference on Neural Networks},
  year = {2021},
}"""


class UpstreamScheme:
    """What stands behind ``s3prl:``: from a location to a card, and a listing of all there is."""

    def __call__(self, location: str) -> ModelCard:
        """Return the card of ``NAME`` or ``NAME?ckpt=...``.

        >>> UpstreamScheme()("mel").family
        'baseline'
        """
        name, question, settings = location.partition("?")
        options = _options(location, settings) if question else {}
        if name.endswith(_RANDOM) and name.removesuffix(_RANDOM) in _TWINS:
            return _untrained_card(location, upstreams()[name.removesuffix(_RANDOM)], options)
        if name not in upstreams():
            known = [*upstreams(), *(f"{twin}{_RANDOM}" for twin in _TWINS)]
            hint = near_names(name, known)
            # Nearly two hundred names are no hint.
            hint = "" if hint.startswith("known") else f"{hint} "
            raise UnknownName(
                f"s3prl has no upstream {name!r}; {hint}`heschl list models --scheme s3prl` shows "
                "all"
            )
        return _card(location, upstreams()[name], options)

    def offers(self) -> tuple[Offer, ...]:
        """Return all that s3prl 0.4.18 offers, and the untrained twins."""
        found = []
        for upstream in upstreams().values():
            found.append(Offer(f"s3prl:{upstream.name}", _state(upstream), _summary(upstream)))
            if upstream.name in _TWINS:
                identifier = f"s3prl:{upstream.name}{_RANDOM}"
                summary = f"{upstream.name} before training, from ?seed=0, 1, ..."
                found.append(Offer(identifier, _state(upstream), summary))
        return tuple(found)

    def diagnosis(self) -> tuple[str, ...]:
        """Return what of torchaudio must be replaced on this machine for s3prl to import."""
        if any(importlib.util.find_spec(name) is None for name in ("s3prl", "torch")):
            return ()
        from heschl.models.s3prl.compatibility import make_compatible

        try:
            return make_compatible()
        except MissingExtra as error:
            return (str(error),)


def _options(location: str, text: str) -> dict[str, str]:
    options = {}
    for part in text.split("&"):
        key, equals, value = part.partition("=")
        if (
            key not in ("ckpt", "config", "seed", "trust")
            or not equals
            or not value
            or key in options
        ):
            raise InvalidInput(
                f"'s3prl:{location}' ends in {part!r}; expected, once each, ckpt=/path, "
                "config=/path, trust=yes or seed=0"
            )
        options[key] = unquote(value)
    return options


def _card(location: str, upstream: Upstream, options: Mapping[str, str]) -> ModelCard:
    identifier = f"s3prl:{upstream.name}"
    allowed: tuple[str, ...] = ()
    if upstream.name in _CONFIGURED:
        allowed = ("config",)
    elif upstream.family not in _WITHOUT_CHECKPOINT:
        allowed = ("ckpt",)
    is_trusted = bool(allowed == ("ckpt",) and options.get("trust") == "yes")
    options = {key: value for key, value in options.items() if key != "trust" or not is_trusted}
    for key in options:
        if key not in allowed:
            takes = f"only ?{allowed[0]}=" if allowed else "no settings"
            raise InvalidInput(f"{identifier} takes {takes}, not {key}=")
    _refuse_unless_it_runs(identifier, upstream)
    needed = {"ckpt": not upstream.weights, "config": True}
    for key in allowed:
        if needed[key] and key not in options:
            raise InvalidInput(
                f"{identifier} has nothing of its own; name a file: {identifier}?{key}=/path"
            )
    for value in options.values():
        if "://" in value:
            raise InvalidInput(
                f"{identifier} was given the address {value}; fetch it and name the file, since "
                "nothing vouches for what an address holds"
            )
    paths = {key: Path(value).expanduser() for key, value in options.items()}
    named = "".join(f"@{_word(path)}" for path in paths.values())
    return ModelCard(
        id=f"{identifier}{named}",
        load=functools.partial(_load, location, upstream.name, paths, is_trusted=is_trusted),
        summary=_summary(upstream),
        requires=("torch", "s3prl", *upstream.needs),
        extra="s3prl",
        licence="" if paths else upstream.licence,
        citation="\n".join((_BYOL_A_CITATION,) * (upstream.family == "byol_a") + (_CITATION,)),
        url="" if paths else upstream.weights,
        family=upstream.family,
        training=Training(objective=upstream.objective),
        untrained_twin=f"{identifier}{_RANDOM}" if upstream.name in _TWINS else None,
    )


def _untrained_card(location: str, upstream: Upstream, options: Mapping[str, str]) -> ModelCard:
    identifier = f"s3prl:{upstream.name}{_RANDOM}"
    seed = options.get("seed", "0")
    if options.keys() - {"seed"} or not seed.isdecimal() or int(seed) >= 2**63:
        raise InvalidInput(
            f"'s3prl:{location}' cannot be read; expected {identifier} or {identifier}?seed=1, "
            "with a whole number from 0 up"
        )
    return ModelCard(
        id=identifier if "seed" not in options else f"{identifier}@{int(seed)}",
        load=functools.partial(_load_untrained, location, upstream.name, int(seed)),
        summary=f"{upstream.name} of s3prl with random weights from seed {int(seed)}",
        requires=("torch", "s3prl", *upstream.needs),
        extra="s3prl",
        citation=f"{_BYOL_A_CITATION}\n{_CITATION}",
        family=upstream.family,
        training=UNTRAINED,
    )


def _load(location: str, name: str, paths: Mapping[str, Path], *, is_trusted: bool) -> TorchModel:
    from heschl.models.s3prl.loading import load_upstream

    card = UpstreamScheme()(location)
    return load_upstream(card, name, paths.get("ckpt"), paths.get("config"), is_trusted=is_trusted)


def _load_untrained(location: str, name: str, seed: int) -> TorchModel:
    from heschl.models.s3prl.loading import load_untrained

    return load_untrained(UpstreamScheme()(location), name, seed)


def _refuse_unless_it_runs(identifier: str, upstream: Upstream) -> None:
    if upstream.runs:
        return
    reason = upstream.status
    if reason.startswith("needs "):
        # Nobody should install a package to be refused all the same.
        reason += ", and with it its frames have not been placed in time and checked yet"
    instead = _INSTEAD.get(upstream.family, "another upstream: `heschl list models --scheme s3prl`")
    raise BrokenPlugin(f"{identifier} cannot be used, {reason}; choose {instead}")


_INSTEAD = {
    "ast": "the same network of transformers, ast-audioset",
    "vggish": "our own VGGish, vggish",
}
"""What hears the same without s3prl, by family."""


def _state(upstream: Upstream) -> str:
    if not upstream.runs:
        return upstream.status
    missing = [
        name
        for name in ("torch", "s3prl", *upstream.needs)
        if importlib.util.find_spec(name) is None
    ]
    return f"needs {', '.join(missing)}" if missing else "ready"


def _summary(upstream: Upstream) -> str:
    trained = "" if upstream.objective == "none" else f"; trained: {upstream.objective}"
    return f"{upstream.family} of s3prl{trained}"


def _word(path: Path) -> str:
    """Return the file's name and the beginning of its digest, in characters that ids may have."""
    if not path.exists():
        raise MissingData(f"there is nothing at {path} (absolute: {path.absolute()})")
    digest = (
        files_digest(path, [each for each in path.rglob("*") if each.is_file()])
        if path.is_dir()
        else file_digest(path)
    )
    plain = "".join(c if c.isalnum() or c == "_" else "-" for c in path.stem)
    return f"{plain}-{digest[:8]}"
