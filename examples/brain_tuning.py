"""Brain-tuning on a phantom: a tuned model and its controls, scored and on a board of their own.

    python examples/brain_tuning.py build/tuning

takes some minutes on a processor. It writes a phantom listener, tunes a small untrained wav2vec 2.0
on her, makes three controls, scores and compares all (``build/tuning/report``), and builds a
leaderboard in ``build/tuning/site``.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from heschl.encoding import EncodingBenchmark
from heschl.models.huggingface.random_wav2vec2 import random_wav2vec2
from heschl.models.torch_module import TorchModel

HERE = Path(__file__).resolve()
LAYER = "block.1"


def tiny() -> TorchModel:
    """Return a wav2vec 2.0 of 25 frames a second and two narrow blocks, with random weights."""
    return random_wav2vec2(
        "wav2vec2-tiny",
        seed=1,
        conv_dim=(16, 32, 32),
        conv_kernel=(40, 16, 8),
        conv_stride=(20, 8, 4),
        num_feat_extract_layers=3,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        num_conv_pos_embeddings=8,
        num_conv_pos_embedding_groups=4,
        initializer_range=0.098,
        hidden_dropout=0.0,
        attention_dropout=0.0,
        activation_dropout=0.0,
        feat_proj_dropout=0.0,
        # Of its own loss, for the control that hears the sound alone.
        num_codevectors_per_group=32,
        codevector_dim=32,
        proj_codevector_dim=32,
    )


def alignment() -> EncodingBenchmark:
    """Return `lebel_moth-ridge` in windows of 10 s, without the story that tuning validates on."""
    from heschl.benchmarks.lebel_moth.ridge import benchmark
    from heschl.data_registry.lebel_moth.stories import VALIDATION_STORY
    from heschl.presets import preset

    declared = benchmark()
    kept = tuple(name for name in declared.included if name != VALIDATION_STORY)
    card = replace(declared.card, id="lebel_moth-ridge-tuning")
    rois = ("STG", "all", "Heschl", "STS", "IFG", "Motor")
    return replace(declared, card=card, windowing=preset("chunked"), included=kept, rois=rois)


def family(folder: Path, epochs: int = 8) -> list[str]:
    """Make the tuned model and its controls below ``folder``, and return their folders' names."""
    from heschl.braintuning.family import tune_family
    from heschl.braintuning.recipe import Recipe
    from heschl.data_registry.lebel_moth.phantom_tuning import SUBJECT, write_tuning_phantom

    data = folder / "phantom"
    if not data.exists():
        write_tuning_phantom(data)
    made = tune_family(
        f"file:{HERE}:tiny",
        "lebel_moth",
        subject=SUBJECT,
        data=data,
        # Few rows and an untrained network: higher rates than the paper's.
        recipe=Recipe(n_epochs=epochs, batch_size=32, network_rate=3e-3, head_rate=3e-3),
        output=folder / "models",
        device="cpu",
    )
    return [tuned.folder.name for tuned in made.values()]


def main(folder: Path) -> None:
    """Make, score, compare and show all."""
    from heschl.cli import main as run_heschl

    models = [str(folder / "models" / name) for name in family(folder)]
    data = f"lebel_moth={folder / 'phantom'}"
    benchmark = f"file:{HERE}:alignment"
    scores, report = str(folder / "scores"), str(folder / "report")
    words = ["--benchmarks", benchmark, "--data", data, "--layers", LAYER, "--device", "cpu"]
    run_heschl(["tune", "evaluate", *models, "--scores", scores, *words, "-o", report])
    files = sorted(map(str, Path(scores).rglob("*.nc")))
    run_heschl(["submit", *files, "--to", str(folder / "submissions")])
    run_heschl(["board", "build", str(folder / "submissions"), str(folder / "site")])


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/tuning"))
