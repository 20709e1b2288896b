"""The loader of Narratives: its stories, its scans, its clock, its fingerprints."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from label_files import DESTRIEUX_LABELS, write_annotation
from narratives_folder import (
    N_VERTICES,
    PIEMAN,
    PIEMANPNI,
    RESPONSES,
    events,
    gifti,
    write_gifti,
    write_participants,
    write_root,
    write_scan,
    write_sound,
)

from heschl.contracts import Dataset
from heschl.data_registry.narratives import NARRATIVES
from heschl.data_registry.narratives.loader import Narratives
from heschl.data_registry.narratives.scans import EXCLUDED, Scan, read_excluded
from heschl.data_registry.narratives.tasks import SCRAMBLES, STORIES
from heschl.errors import CorruptData, MissingData, UnknownName
from heschl.manifest import Manifest


@pytest.fixture
def root(tmp_path) -> Path:
    return write_root(tmp_path / "ds002345")


# --- the stories -----------------------------------------------------------------------------

# event_meta.json of the authors, but for lucy, whose onset they corrected later in the events.
EVENT_META = {
    "pieman": (10, 281),
    "tunnel": (2, 1023),
    "lucy": (2, 361),
    "prettymouth-affair": (14, 451),
    "prettymouth-paranoia": (14, 451),
    "milkyway-original": (14, 269),
    "milkyway-vodka": (14, 269),
    "slumlord": (20, 602),
    "reach": (646, 550),
    "notthefallintact": (20, 365),
    "merlin": (22, 591),
    "sherlock": (22, 701),
    "shapesphysical": (33, 270),
    "shapessocial": (33, 272),
    "21styear": (14, 2225),
    "piemanpni": (8, 267),
    "bronx": (8, 357),
    "black": (8, 533),
    "forgot": (8, 558),
}


def test_stories_are_where_the_authors_cut_them():
    cut = {name: (story.first_volume, story.n_volumes) for name, story in STORIES.items()}

    # 404 s of 1.52 s each.
    assert cut.pop("milkyway-synonyms") == (14, 266)
    assert cut == EVENT_META


def test_stories_are_of_16_tasks_each_with_its_sound():
    manifest = Manifest.read(NARRATIVES.manifest)
    sounds = {path for path in (file.path for file in manifest.files) if path.endswith(".wav")}

    assert len({story.task for story in STORIES.values()}) == 16
    assert {f"stimuli/{story.wav}_audio.wav" for story in STORIES.values()} <= sounds
    assert not {story.task for story in STORIES.values()} & {*SCRAMBLES, "schema"}
    assert len({story.wav for story in STORIES.values() if story.task == "milkyway"}) == 3
    assert not any("derivatives" in file.path for file in manifest.files)


def test_clock_is_when_volumes_begin_in_seconds_of_the_sound():
    np.testing.assert_array_equal(STORIES["pieman"].clock(), 15.75 + 1.5 * np.arange(281))
    # Music from 4.5 s of the scan on; the second story's first volume is number 646.
    assert STORIES["reach"].clock()[0] == 646.5 * 1.5 - 4.5
    assert STORIES["slumlord"].clock()[0] == 20.5 * 1.5 - 4.5
    np.testing.assert_allclose(np.diff(STORIES["milkyway-synonyms"].clock()), 1.52)
    for story in STORIES.values():
        # Within half a volume of what the events say, and never before the sound.
        begins_s = story.clock()[0] - story.tr_s / 2
        assert abs(begins_s - story.offset_s) <= story.tr_s / 2
        assert begins_s >= -1e-9


# --- scans -----------------------------------------------------------------------------------


def test_recording_holds_the_volumes_of_the_story_left_then_right(root):
    volumes = write_scan(root, "sub-100_task-pieman", PIEMAN)
    narratives = Narratives(root)

    recording = narratives.recording("sub-100")

    assert isinstance(narratives, Dataset)
    response = recording.responses["pieman"]
    np.testing.assert_array_equal(response, volumes[10 : 10 + 281])
    assert response.dtype == np.float32
    np.testing.assert_array_equal(response["time"], narratives.clock("pieman"))
    assert response.attrs == {"scan": "sub-100_task-pieman"}


def test_two_stories_of_one_scan_are_told_apart(root):
    told = (STORIES["slumlord"], STORIES["reach"])
    volumes = write_scan(root, "sub-100_task-slumlordreach", *told)
    narratives = Narratives(root)

    recording = narratives.recording("sub-100")

    assert narratives.stimuli_of("sub-100") == ("reach", "slumlord")
    for story in told:
        rows = slice(story.first_volume, story.first_volume + story.n_volumes)
        np.testing.assert_array_equal(recording.responses[story.name], volumes[rows])


def test_conditions_are_those_of_the_table_of_participants(root):
    affair, vodka = STORIES["prettymouth-affair"], STORIES["milkyway-vodka"]
    write_participants(
        root,
        sub_023="pieman:n/a pieman:n/a prettymouth:affair milkyway:vodka",
        sub_024="milkyway:synonyms",
    )
    write_scan(root, "sub-023_task-prettymouth", affair)
    write_scan(root, "sub-023_task-milkyway", vodka)
    write_scan(root, "sub-024_task-milkyway", STORIES["milkyway-synonyms"])
    narratives = Narratives(root)

    assert narratives.stimuli_of("sub-023") == ("milkyway-vodka", "prettymouth-affair")
    assert narratives.stimuli_of("sub-024") == ("milkyway-synonyms",)
    assert narratives.recording("sub-024").responses["milkyway-synonyms"].sizes["time"] == 266


@pytest.mark.parametrize("has_list", [True, False])
def test_excluded_scans_are_found_by_their_exact_names(root, has_list):
    """``sub-021_task-pieman`` is excluded, and is the beginning of ``sub-021_task-piemanpni``."""
    if has_list:
        (root / "code").mkdir()
        listed = {"black": {}, "pieman": {"sub-021": ["sub-021_task-pieman"]}}
        (root / "code/scan_exclude.json").write_text(json.dumps(listed), encoding="utf-8")
    write_scan(root, "sub-021_task-pieman", PIEMAN)
    write_scan(root, "sub-021_task-piemanpni", PIEMANPNI)
    write_scan(root, "sub-022_task-pieman", PIEMAN)
    narratives = Narratives(root)

    assert narratives.stimuli_of("sub-021") == ("piemanpni",)
    # The list beside the data counts, and sub-022 is not in it.
    assert narratives.subjects() == (("sub-021", "sub-022") if has_list else ("sub-021",))
    with pytest.raises(MissingData, match=r"has no scan of pieman in .* or it is excluded"):
        narratives.recording("sub-021", ["pieman"])


def test_published_exclusions_are_27_scans_of_21_listeners():
    assert len(EXCLUDED) == 27
    assert Scan("sub-013", "pieman", 2).is_among(EXCLUDED)
    assert not Scan("sub-013", "pieman", 1).is_among(EXCLUDED)
    assert not Scan("sub-038", "piemanpni").is_among(EXCLUDED)
    # An entry without a run is of every run.
    assert Scan("sub-021", "pieman", 2).is_among(EXCLUDED)
    assert len({scan.subject for scan in EXCLUDED}) == 21


def test_first_run_that_is_not_excluded_counts(root):
    runs = {run: write_scan(root, f"sub-002_task-pieman_run-{run}", PIEMAN) for run in (1, 2)}
    write_scan(root, "sub-001_task-pieman_run-1", PIEMAN)
    narratives = Narratives(root)

    recording = narratives.recording("sub-002")

    assert recording.responses["pieman"].attrs["scan"] == "sub-002_task-pieman_run-1"
    np.testing.assert_array_equal(recording.responses["pieman"], runs[1][10:291])
    assert narratives.subjects() == ("sub-002",)

    (root / "code").mkdir()
    listed = {"pieman": {"sub-002": ["sub-002_task-pieman_run-1"]}}
    (root / "code/scan_exclude.json").write_text(json.dumps(listed), encoding="utf-8")
    np.testing.assert_array_equal(
        narratives.recording("sub-002").responses["pieman"], runs[2][10:291]
    )


def test_story_that_began_early_is_followed(root):
    """Six seconds are four volumes; the music's row was left where it was."""
    volumes = write_scan(root, "sub-100_task-pieman", PIEMAN, moved_s=-6.0)

    response = Narratives(root).recording("sub-100").responses["pieman"]

    np.testing.assert_array_equal(response, volumes[6 : 6 + 281])
    np.testing.assert_array_equal(response["time"], PIEMAN.clock())
    assert response.attrs["note"] == "the story begins -6 s from where it does for others"


def test_vertices_without_signal_become_nan_and_keep_their_number(root):
    write_scan(root, "sub-100_task-pieman", PIEMAN)
    volumes = np.random.default_rng(0).normal(size=(300, N_VERTICES)).astype(np.float32)
    volumes[:, 1] = np.nan
    volumes[:, 2] = 0.0
    volumes[10:291, 3] = 7.5  # which varies, but not during the story
    volumes[40, 4] = np.inf
    write_gifti(gifti(root, "sub-100_task-pieman", "R"), volumes)
    write_scan(root, "sub-101_task-pieman", PIEMAN, n_volumes=300)
    (gifti(root, "sub-101_task-pieman", "L")).replace(gifti(root, "sub-100_task-pieman", "L"))

    recording = Narratives(root).recording("sub-100")

    assert np.flatnonzero(~recording.finite_units()).tolist() == [
        N_VERTICES + k for k in range(1, 5)
    ]
    np.testing.assert_array_equal(recording.units, np.arange(2 * N_VERTICES))
    assert np.isnan(recording.responses["pieman"][:, [7, 8, 9]]).all()


def test_scrambles_are_read_if_asked_for(root):
    story = SCRAMBLES["notthefalllongscram"]
    write_scan(root, "sub-100_task-notthefalllongscram", story)

    assert Narratives(root).subjects() == ()
    with_scrambles = Narratives(root, stories={**STORIES, **SCRAMBLES})
    assert with_scrambles.stimuli_of("sub-100") == ("notthefalllongscram",)


def test_names_that_are_not_there_are_told_with_near_ones(root):
    write_scan(root, "sub-100_task-pieman", PIEMAN)
    write_sound(root, PIEMAN)
    narratives = Narratives(root)

    with pytest.raises(UnknownName, match=r"no listener 'sub-101'.*did you mean 'sub-100'"):
        narratives.stimuli_of("sub-101")
    with pytest.raises(UnknownName, match=r"no listener '../sub-100'"):
        narratives.recording("../sub-100")
    with pytest.raises(UnknownName, match=r"no story 'pie'.*did you mean"):
        narratives.clock("pie")
    with pytest.raises(UnknownName, match="no stimulus is named 'lucy'"):
        narratives.stimuli()["lucy"]


# --- stimuli ---------------------------------------------------------------------------------


def gentle(*words: tuple[float, float, str]) -> str:
    listed = [
        {
            "case": "success",
            "word": word,
            "alignedWord": word.lower(),
            "start": start,
            "end": end,
            "phones": [
                {"phone": "dh_B", "duration": 0.1},
                {"phone": "ah0_E", "duration": 0.05},
                {"phone": "sil", "duration": 0.05},
            ],
        }
        for start, end, word in words
    ]
    lost = {"case": "not-found-in-audio", "word": "uhm"}
    return json.dumps({"transcript": "...", "words": [lost, *listed]})


def test_stimuli_have_the_transcript_of_the_aligner(root):
    write_sound(root, PIEMAN)
    path = root / "stimuli/gentle/pieman/align.json"
    assert Narratives(root).stimuli()["pieman"].alignment is None

    path.parent.mkdir(parents=True)
    path.write_text(gentle((16.0, 16.2, "The"), (17.0, 17.2, "the")), encoding="utf-8")
    stimuli = Narratives(root).stimuli()

    assert tuple(stimuli) == ("pieman",)
    alignment = stimuli["pieman"].alignment
    assert [(word.onset_s, word.label) for word in alignment.words] == [
        (16.0, "The"),
        (17.0, "the"),
    ]
    assert [phone.label for phone in alignment.phones] == ["DH", "AH", "DH", "AH"]
    times = [(phone.onset_s, phone.offset_s) for phone in alignment.phones[:2]]
    np.testing.assert_allclose(times, [(16.0, 16.1), (16.1, 16.15)])


# --- regions and fingerprints ----------------------------------------------------------------


def test_rois_are_of_the_labels_beside_the_data(root):
    write_scan(root, "sub-100_task-pieman", PIEMAN)
    assert Narratives(root).rois("sub-100")["roi"].to_numpy().tolist() == ["all"]

    described = {"HeschlPhantom": {"vertices": len(DESTRIEUX_LABELS)}}
    (root / "dataset_description.json").write_text(json.dumps(described), encoding="utf-8")
    for side in ("lh", "rh"):
        numbers = np.arange(len(DESTRIEUX_LABELS))
        write_annotation(
            root / f"atlases/{side}.aparc.a2009s.annot",
            numbers if side == "lh" else numbers[::-1],
            DESTRIEUX_LABELS,
        )

    rois = Narratives(root).rois("sub-100")

    position = DESTRIEUX_LABELS.index("S_temporal_sup")
    assert np.flatnonzero(rois.sel(roi="STS")).tolist() == [
        position,
        2 * len(DESTRIEUX_LABELS) - 1 - position,
    ]


def test_fingerprint_depends_on_every_file_that_is_read_and_no_other(root):
    write_participants(root, sub_100="pieman:n/a")
    for scan in ("sub-100_task-pieman", "sub-101_task-pieman"):
        write_scan(root, scan, PIEMAN)
    write_scan(root, "sub-100_task-piemanpni", PIEMANPNI)
    write_sound(root, PIEMAN)
    (root / "README").write_text("no matter", encoding="utf-8")
    narratives = Narratives(root)
    before = narratives.fingerprint("sub-100", ["pieman"])

    differs = set()
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        content, status = path.read_bytes(), path.stat()
        # White space, so that tables and JSON stay what they are.
        path.write_bytes(content + b"\n")
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        if narratives.fingerprint("sub-100", ["pieman"]) != before:
            differs.add(path)
        path.write_bytes(content)

    scan = "sub-100_task-pieman"
    assert differs == {
        root / "dataset_description.json",
        root / "participants.tsv",
        events(root, scan),
        gifti(root, scan, "L"),
        gifti(root, scan, "R"),
    }
    assert narratives.fingerprint("sub-100", ["pieman"]) == before
    assert narratives.fingerprint("sub-100", ["piemanpni"]) != before


def test_responses_of_real_data_must_have_the_vertices_of_the_mesh(root):
    (root / "dataset_description.json").write_text('{"Name": "Narratives"}', encoding="utf-8")
    write_scan(root, "sub-100_task-pieman", PIEMAN)

    with pytest.raises(CorruptData, match=r"shape \(6,\) for volume 0; expected floats \(40962,\)"):
        Narratives(root).recording("sub-100")


def test_exclusions_are_read_as_the_authors_write_them(tmp_path):
    path = tmp_path / "scan_exclude.json"
    listed = {
        "lucy": {},
        "pieman": {
            "sub-001": ["sub-001_task-pieman_run-1", "sub-001_task-pieman_run-2"],
            "sub-021": ["sub-021_task-pieman"],
        },
    }
    path.write_text(json.dumps(listed), encoding="utf-8")

    assert read_excluded(path) == {
        Scan("sub-001", "pieman", 1),
        Scan("sub-001", "pieman", 2),
        Scan("sub-021", "pieman"),
    }


def test_folder_without_the_derivative_is_told_where_it_is(tmp_path):
    with pytest.raises(MissingData, match=f"no folder '{RESPONSES}'.*datalad clone.*s3://fcp-indi"):
        Narratives(tmp_path)
