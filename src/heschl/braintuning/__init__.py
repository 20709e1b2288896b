"""Brain-tuning: a network learns further from recordings, with its controls beside it.

After Moussa et al. (2025), protocol ``moussa2025.brain_tuning`` of docs/protocols.md. Reading
order: `recipe` (the settings), `examples` (what is heard and what is to be predicted),
`controls` (the same steps without the brain), `training` with `checkpoints`, `tune` (the whole
way from names to a folder), `family` (a model and its controls). What a folder holds is opened by
``tuned:<folder>``, see `heschl.models.tuned`.
"""
