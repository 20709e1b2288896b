"""Which stories the published protocols train, tune and test on."""

from __future__ import annotations

__all__ = [
    "RESIDUAL_STORIES",
    "SESSIONS",
    "TEST_STORY",
    "TRAINING_STORIES",
    "VALIDATION_STORY",
]

TEST_STORY = "wheretheressmoke"
"""The story that every listener heard several times."""

SESSIONS: tuple[tuple[str, ...], ...] = (
    ("alternateithicatom", "souls", "avatar", "legacy", "odetostepfather"),
    ("undertheinfluence", "howtodraw", "myfirstdaywiththeyankees", "naked", "life"),
    ("stagefright", "tildeath", "fromboyhoodtofatherhood", "sloth", "exorcism"),
    (
        "haveyoumethimyet",
        "adollshouse",
        "inamoment",
        "theclosetthatateeverything",
        "adventuresinsayingyes",
        "buck",
    ),
    ("swimmingwithastronauts", "thatthingonmyarm", "eyespy", "itsabox", "hangtime"),
)
"""The five story sessions that (all but) every listener attended, as the authors list them in
``sess_to_story.json`` of HuthLab/deep-fMRI-dataset."""

TRAINING_STORIES: tuple[str, ...] = tuple(story for session in SESSIONS for story in session)
"""The 26 training stories. UTS04 lacks ``life`` and UTS09 ``fromboyhoodtofatherhood``."""

VALIDATION_STORY = "stagefright"
"""What brain-tuned models were validated on (Moussa et al. 2025): left out of their scoring."""

RESIDUAL_STORIES: tuple[str, ...] = (*SESSIONS[0], *SESSIONS[1])
"""The ten stories for which Oota et al. (2024) released low-level features."""
