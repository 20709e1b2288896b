"""`TorchModel`: a PyTorch module, its taps and its clock, as a speech model."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from heschl.cards import ModelCard
from heschl.contracts import Layer, Traits
from heschl.errors import BrokenPlugin, HeschlError, InvalidInput
from heschl.models.inputs import chosen_layers, require_waveforms
from heschl.models.torch_module.frame_grid import frame_grids
from heschl.models.torch_module.given import Call, check_given, completed
from heschl.models.torch_module.surroundings import products_in, tensor_of
from heschl.models.torch_module.taps import Target, listening, resolved
from heschl.models.torch_module.tuning import TunableCopy
from heschl.models.torch_module.weights import (
    installed_code,
    own_code,
    structure_digest,
    weights_digest,
)
from heschl.torch_threads import torch_threads

__all__ = ["TorchModel"]

NUMERICS = 1
"""Raised whenever an output changes for the same module and sound."""

PROBE_FRAMES = 4

PRECISIONS: Mapping[str, torch.dtype | None] = {"float32": None, "bfloat16": torch.bfloat16}
"""What products are computed in; None is as the weights are."""


class TorchModel:
    """A PyTorch module as a speech model, heard through hooks on named submodules.

    The module belongs to the model from here on: it is set to evaluation mode
    and its weights are frozen. Wrap a deep copy if you go on training.

    Parameters
    ----------
    card
        The metadata, or just an id.
    module
        Called with a float32 tensor (batch, sample) on the module's device.
    sample_rate
        What the module wants to hear, in Hz.
    taps
        ``{layer name: submodule or its dotted name}``, from the sound's side
        up. ``{"block.{i}": net.blocks}`` names all members of a ModuleList.
        Of a tuple or a transformers output the first tensor is taken.
    stride
        Samples from one frame to the next.
    receptive_field
        Samples that a frame is computed from, zeros of the padding included.
        For a network that attends to everything, that of the convolutions
        below, which place the frames in time.
    padding
        Zeros that the convolutions add before and after the sound in total, in
        samples.
    channels_first
        The taps that return (batch, unit, time), as convolutions do, rather
        than (batch, time, unit).
    n_frames
        ``{entry of taps: function}`` from samples to frames, where that is
        another number than stride, receptive field and padding say, as in a
        network that pads every sound to one length, ``Traits(fixed_s=...)``,
        and cuts its output.
    traits
        How the model may be called. Without ``is_local=True`` frames are taken
        to depend on the whole input.
    call
        A function ``call(module, waveforms)``, for a module that is not simply
        called with the waveforms.
    digest
        A text that changes whenever the outputs would, where something better
        than weights and installed code identifies them, such as a recipe.
    n_threads
        Processor threads for one pass; torch's own choice by default. A small
        network is faster on one, and on a busy machine several wait for each
        other at every step.
    is_tested
        Whether its family was tested elsewhere, so that one pass over noise
        is enough, which measures the widths.

    ``stride``, ``receptive_field`` and ``padding`` may each be a mapping with
    one value for each entry of ``taps``.

    Four short passes over noise measure the widths, and check that the number
    of frames is what stride, receptive field and padding say, that values do
    not change from pass to pass, and that no row changes another. Frames are
    counted in every later pass, too.

    >>> net = torch.nn.Conv1d(1, 8, kernel_size=400, stride=320)
    >>> model = TorchModel(
    ...     "my-conv", net, sample_rate=16_000, taps={"conv": net}, channels_first={"conv"},
    ...     stride=320, receptive_field=400, call=lambda net, sound: net(sound[:, None]),
    ... )
    >>> model.layers[0].width, model.layers[0].rate_hz, model.layers[0].offset_s
    (8, 50.0, 0.0125)
    """

    def __init__(
        self,
        card: ModelCard | str,
        module: torch.nn.Module,
        *,
        sample_rate: int,
        taps: Mapping[str, Target],
        stride: int | Mapping[str, int],
        receptive_field: int | Mapping[str, int],
        padding: tuple[int, int] | Mapping[str, tuple[int, int]] = (0, 0),
        channels_first: Collection[str] = (),
        n_frames: Mapping[str, Callable[[int], int]] | None = None,
        traits: Traits | None = None,
        call: Call | None = None,
        digest: str | None = None,
        n_threads: int | None = None,
        is_tested: bool = False,
    ) -> None:
        name = card if isinstance(card, str) else card.id
        check_given(name, module, sample_rate, call)
        found = resolved(name, module, taps)
        grids = frame_grids(
            name,
            taps.keys(),
            stride=stride,
            receptive_field=receptive_field,
            padding=padding,
            channels_first=channels_first,
            n_frames=n_frames or {},
        )
        self._submodules = {layer: submodule for layer, (_, submodule) in found.items()}
        self._grids = {layer: grids[entry] for layer, (entry, _) in found.items()}
        self._module = module.eval().requires_grad_(requires_grad=False)
        self._call = call
        self._given_digest = digest
        self._n_threads = n_threads
        self._precision: torch.dtype | None = None
        self._parts: list[Any] = [*{*map(type, module.modules())}, *([call] if call else [])]
        # Read now, close to the import: a file that is edited later is not what runs here.
        self._installed_code = installed_code(*self._parts)
        self.card = self._card(card) if isinstance(card, str) else card
        self.sample_rate = sample_rate
        self.traits = completed(name, traits or Traits(), self._grids.values())
        widths = self._measured_widths() if is_tested else self._proven_widths()
        self.layers = self._declared(widths)

    @property
    def digest(self) -> str:
        """A text that changes whenever the outputs would."""
        own = own_code(*self._parts)
        if self._given_digest is not None:
            return " ".join([self._given_digest, *own])
        names = {id(part): name for name, part in self._module.named_modules()}
        configuration = {
            "numerics": NUMERICS,
            "structure": structure_digest(self._module),
            # Hashed at each question, as nothing cheaper tells of all that may have been written
            # since: torch counts no changes through `.data`, nor those of an array it shares.
            "weights": weights_digest(self._module),
            "code": [self._installed_code, *own],
            "sample_rate": self.sample_rate,
            "taps": {
                layer: [names[id(submodule)], *self._grids[layer].promise]
                for layer, submodule in self._submodules.items()
            },
        }
        return hashlib.sha256(json.dumps(configuration, sort_keys=True).encode()).hexdigest()

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        for tensor in (*self._module.parameters(), *self._module.buffers()):
            return tensor.device
        return torch.device("cpu")

    def to(self, device: str | torch.device) -> TorchModel:
        """Move the module to ``device`` and return the model."""
        self._module.to(device)
        return self

    def forward(self, waveforms: np.ndarray, taps: Sequence[str]) -> dict[str, torch.Tensor]:
        """Return ``{layer: tensor (batch, time, unit)}`` for ``waveforms (batch, sample)``.

        The tensors stay on the module's device. The whole network runs,
        whichever taps are asked for.
        """
        return self._checked(waveforms, taps, slice(None))

    def last_frames(self, waveforms: np.ndarray, taps: Sequence[str]) -> dict[str, torch.Tensor]:
        """Return what `forward` would, the last frame alone: ``{layer: (batch, 1, unit)}``.

        The other frames are let go while the network runs. Rows of
        ``waveforms`` may be overlapping views of one sound.
        """
        return self._checked(waveforms, taps, slice(-1, None))

    def with_precision(self, precision: str) -> TorchModel:
        """Return a model of the same module that computes in another precision.

        ``"bfloat16"`` is torch's automatic casting: products and convolutions
        in bfloat16, norms and sums in float32, and weights as they are.
        """
        if precision not in PRECISIONS:
            raise InvalidInput(f"precision={precision!r}; expected one of {', '.join(PRECISIONS)}")
        twin = copy.copy(self)
        twin._precision = PRECISIONS[precision]  # noqa: SLF001  its own class
        return twin

    def tunable(self, layer: str, *, frozen: str | None = None) -> TunableCopy:
        """Return a copy of the network that learns, see `heschl.tuning.Tunable`."""
        named = [layer] if frozen is None else [layer, frozen]
        chosen_layers(self.card.id, self.layers, list(dict.fromkeys(named)))
        return TunableCopy(
            self.card.id,
            self._module,
            self._call,
            self._submodules,
            self._grids,
            layer=layer,
            frozen=frozen,
            probe=torch.from_numpy(self._noise()[:1]).to(self.device),
            n_threads=self._n_threads,
        )

    def with_weights(self, card: ModelCard, weights: Mapping[str, torch.Tensor]) -> TorchModel:
        """Return a copy of the model, under another card, in which these weights are replaced.

        Their names are those that a `tunable` copy's ``network`` has; the model stays as it is.
        """
        state = self._module.state_dict()
        for name, tensor in weights.items():
            if name not in state or state[name].shape != tensor.shape:
                raise InvalidInput(
                    f"{self.card.id!r} has no weight {name!r} of shape {tuple(tensor.shape)}; give "
                    "weights that were learned from this very network"
                )
        twin = copy.deepcopy(self)
        twin.card = card
        twin._module.load_state_dict(weights, strict=False)  # noqa: SLF001  its own class
        if self._given_digest is not None:
            # What identifies the network before no longer does.
            learned = weights_digest(twin._module)  # noqa: SLF001  as above
            twin._given_digest = f"{self._given_digest} with weights {learned}"  # noqa: SLF001
        return twin

    def _checked(
        self, waveforms: np.ndarray, taps: Sequence[str], frames: slice
    ) -> dict[str, torch.Tensor]:
        require_waveforms(self, waveforms)
        chosen = chosen_layers(self.card.id, self.layers, taps)
        if not chosen:
            return {}
        heard = self._heard(waveforms, [layer.name for layer in chosen], frames)
        for layer in chosen:
            width = heard[layer.name].shape[-1]
            if width != layer.width:
                raise BrokenPlugin(
                    f"the layer {layer.name!r} of {self.card.id!r} is {width} units wide here and "
                    f"was {layer.width} for another length of sound; tap one of a fixed width"
                )
        return heard

    def _heard(
        self, waveforms: np.ndarray, names: Sequence[str], frames: slice = slice(None)
    ) -> dict[str, torch.Tensor]:
        """Run the network once, leaving no trace in its hooks or in the random state."""
        device = self.device

        def wanted(name: str, output: torch.Tensor) -> torch.Tensor:
            what = f"the layer {name!r} of {self.card.id!r}"
            return self._grids[name].framed(what, output, waveforms.shape)[:, frames]

        self._module.eval()
        with (
            torch_threads(self._n_threads),
            torch.inference_mode(),
            # Some networks draw a number even where they do not use it.
            torch.random.fork_rng(devices=[device] if device.type == "cuda" else []),
            products_in(self._precision, device),
            listening(
                self.card.id, {name: self._submodules[name] for name in names}, wanted
            ) as heard,
        ):
            sound = tensor_of(waveforms, device)
            if self._call is None:
                self._module(sound)
            else:
                self._call(self._module, sound)
        return {name: heard[name] for name in names}

    def _measured_widths(self) -> dict[str, int]:
        """Measure the widths on the shortest sound."""
        heard = self._probed(self._noise()[:1, : self.traits.minimum_samples])
        return {name: values.shape[-1] for name, values in heard.items()}

    def _proven_widths(self) -> dict[str, int]:
        """Measure the widths on noise, of lengths that tell rounding up from rounding down."""
        noise = self._noise()
        with torch.random.fork_rng(devices=[]):
            heard = self._probed(noise)
            torch.rand(1)
            again = self._probed(noise)
        louder = self._probed(noise * np.array([[1], [3]], dtype=np.float32))
        self._probed(noise[:, : self.traits.minimum_samples])
        for name, values in heard.items():
            if not torch.allclose(values, again[name], rtol=1e-3, atol=1e-5):
                raise BrokenPlugin(
                    f"the layer {name!r} of {self.card.id!r} gives other values for the same sound "
                    "each time, though the module is in evaluation mode; switch off its dropout "
                    "or noise (torch.nn.functional.dropout needs training=self.training)"
                )
            if not torch.allclose(values[0], louder[name][0], rtol=1e-3, atol=1e-5):
                raise BrokenPlugin(
                    f"the layer {name!r} of {self.card.id!r} gives other values for a sound when "
                    "another one in the batch is louder, so that scores would depend on how many "
                    "go through at once; let the module standardise each row by itself "
                    "(waveforms.mean(dim=-1, keepdim=True))"
                )
        return {name: values.shape[-1] for name, values in heard.items()}

    def _declared(self, widths: Mapping[str, int]) -> tuple[Layer, ...]:
        return tuple(
            Layer(
                name=name,
                width=widths[name],
                rate_hz=self.sample_rate / grid.stride,
                offset_s=grid.offset / self.sample_rate,
                receptive_field_s=(
                    grid.receptive_field / self.sample_rate if self.traits.is_local else None
                ),
            )
            for name, grid in self._grids.items()
        )

    def _noise(self) -> np.ndarray:
        """Return two short waveforms (batch, sample)."""
        strides = [grid.stride for grid in self._grids.values()]
        n_samples = self.traits.minimum_samples + PROBE_FRAMES * max(strides) - 1
        return np.random.default_rng(0).standard_normal((2, n_samples)).astype(np.float32)

    def _probed(self, noise: np.ndarray) -> dict[str, torch.Tensor]:
        try:
            return self._heard(noise, list(self._grids))
        except HeschlError:
            raise
        except Exception as error:
            raise BrokenPlugin(
                f"{self.card.id!r} failed on {noise.shape[0]} waveforms of {noise.shape[1]} "
                f"samples, {type(error).__name__}: {error}; a module is called with a tensor "
                "(batch, sample) unless call= says otherwise, and takes what the receptive field "
                "needs unless Traits(minimum_samples=...) says more"
            ) from error

    def _card(self, identifier: str) -> ModelCard:
        return ModelCard(
            id=identifier,
            load=self._itself,
            summary=f"{type(self._module).__name__}, a PyTorch module",
            requires=("torch",),
            extra="speech",
            family="torch_module",
            parameters=sum(parameter.numel() for parameter in self._module.parameters()),
        )

    def _itself(self) -> TorchModel:
        return self
