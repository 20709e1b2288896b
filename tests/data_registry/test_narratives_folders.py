"""Folders of Narratives that are broken, damaged or not as published, one fault at a time."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
from narratives_folder import (
    HEADER,
    N_VERTICES,
    PIEMAN,
    events,
    events_of,
    gifti,
    write_gifti,
    write_participants,
    write_root,
    write_scan,
    write_sound,
)

from heschl.data_registry.narratives.loader import Narratives
from heschl.data_registry.narratives.tasks import STORIES
from heschl.errors import CorruptData, MissingData

SCAN = "sub-100_task-pieman"
POINTER = "../.git/annex/objects/Xx/yY/MD5E-s1832--0123456789abcdef0123456789abcdef.tsv"


@pytest.fixture
def root(tmp_path) -> Path:
    """Return a folder with one scan of one listener, for a test to break."""
    place = write_root(tmp_path / "ds002345")
    write_scan(place, SCAN, PIEMAN)
    write_participants(place, sub_100="pieman:n/a")
    return place


def replaced(root: Path, old: str, new: str) -> None:
    table = events(root, SCAN)
    content = table.read_text(encoding="utf-8")
    assert old in content
    table.write_text(content.replace(old, new), encoding="utf-8")


# --- sounds ----------------------------------------------------------------------------------


def test_sound_that_git_annex_has_not_fetched_is_a_story_that_says_so(root):
    (root / "stimuli/pieman_audio.wav").symlink_to("../.git/annex/objects/Xx/yY/MD5E-s86.wav")
    stimuli = Narratives(root).stimuli()

    assert list(stimuli) == ["pieman"]
    with pytest.raises(MissingData, match=r"pieman_audio\.wav links to content .*git annex get"):
        stimuli["pieman"]


# --- events ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (
            "15.0\t",
            "15.7\t",
            r"has pieman begin at 15\.7 s; expected 15 s, or whole volumes of 1\.5",
        ),
        ("15.0\t", "n/a\t", "has the time 'n/a'; expected seconds"),
        ("15.0\t", "nan\t", "has the time 'nan'"),
        ("15.0\t", "-3.0\t", "has the time '-3.0'"),
        ("422.0", "400.0", "has pieman last 400 s; expected 422 s"),
        ("story", "movie", "has 0 events of the type 'story'; expected 1"),
        ("music", "story", "has 2 events of the type 'story'; expected 1"),
        ("pieman_audio", "tunnel_audio", r"says that 'tunnel_audio\.wav' was played"),
        ("\tstory", "", "has 3 cells in row 2; expected 4"),
        ("onset\t", "begin\t", "has the columns begin, duration.*; expected onset, duration"),
        ("onset\t", "onset\tonset\t", "each once"),
    ],
)
def test_events_that_are_not_as_published_are_refused(root, old, new, complaint):
    replaced(root, old, new)

    with pytest.raises(CorruptData, match=complaint):
        Narratives(root).recording("sub-100")


def test_events_are_read_with_a_byte_order_mark_and_other_line_ends(root):
    table = events(root, SCAN)
    content = table.read_text(encoding="utf-8")
    expected = Narratives(root).recording("sub-100").responses["pieman"]

    table.write_bytes(b"\xef\xbb\xbf" + content.replace("\n", "\r\n").encode())

    assert Narratives(root).recording("sub-100").responses["pieman"].identical(expected)


@pytest.mark.parametrize(
    ("content", "error", "complaint"),
    [
        (POINTER.encode(), MissingData, "pointer of git-annex"),
        (b"", CorruptData, "is empty"),
        (b"\xff\xfe\x00", CorruptData, "is not UTF-8"),
        (b" " * 2**21, CorruptData, "has at most"),
        (HEADER.encode(), CorruptData, "has 0 events"),
    ],
)
def test_files_that_are_no_events_are_refused(root, content, error, complaint):
    events(root, SCAN).write_bytes(content)

    with pytest.raises(error, match=complaint):
        Narratives(root).recording("sub-100")


def test_notthefall_is_known_under_both_names_of_its_sound(root):
    story = STORIES["notthefallintact"]
    volumes = write_scan(root, "sub-101_task-notthefallintact", story)
    table = events(root, "sub-101_task-notthefallintact")
    table.write_text(events_of(story).replace("notthefallintact", "notthefall"), encoding="utf-8")

    response = Narratives(root).recording("sub-101").responses["notthefallintact"]

    np.testing.assert_array_equal(response, volumes[20:385])


def test_second_story_of_slumlordreach_must_be_there(root):
    scan = "sub-101_task-slumlordreach"
    write_scan(root, scan, STORIES["slumlord"], STORIES["reach"])
    events(root, scan).write_text(events_of(STORIES["slumlord"]), encoding="utf-8")

    with pytest.raises(CorruptData, match="has 1 events of the type 'story'; expected 2"):
        Narratives(root).recording("sub-101", ["reach"])


# --- participants ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("listed", "complaint"),
    [
        ("sub-101\tmilkyway,pieman\tvodka", None),
        ("sub-101\tmilkyway\toriginals", "the condition 'originals' of milkyway; expected one of"),
        ("sub-101\tpieman\tn/a", "the condition None of milkyway"),
        ("sub-101\tmilkyway,pieman,lucy\tvodka,n/a", "lists 3 tasks and 2 conditions of sub-101"),
        ("sub-101\tmilkyway,milkyway\tvodka,original", "two conditions of milkyway"),
    ],
)
def test_participants_must_name_a_condition(root, listed, complaint):
    write_scan(root, "sub-101_task-milkyway", STORIES["milkyway-vodka"])
    table = f"participant_id\ttask\tcondition\n{listed}\n"
    (root / "participants.tsv").write_text(table, encoding="utf-8-sig")

    if complaint is None:
        assert Narratives(root).stimuli_of("sub-101") == ("milkyway-vodka",)
        return
    with pytest.raises(CorruptData, match=complaint):
        Narratives(root).stimuli_of("sub-101")


def test_condition_and_sound_must_agree(root):
    write_scan(root, "sub-101_task-milkyway", STORIES["milkyway-vodka"])
    write_participants(root, sub_101="milkyway:original")

    with pytest.raises(CorruptData, match=r"participants\.tsv may name another condition"):
        Narratives(root).recording("sub-101")


# --- scans that do not count -----------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"pieman": ["sub-100_task-pieman"]}',
        '{"pieman": {"sub-100": ["pieman"]}}',
        '{"pieman": {"sub-100": [3]}}',
        '{"pieman": {"sub-101": ["sub-100_task-pieman"]}}',
        '{"lucy": {"sub-100": ["sub-100_task-pieman"]}}',
        "[" * 100_000,
    ],
)
def test_lists_of_scans_that_cannot_be_understood_are_refused(root, content):
    (root / "code").mkdir()
    (root / "code/scan_exclude.json").write_text(content, encoding="utf-8")

    with pytest.raises(CorruptData, match=r"scan_exclude\.json .*; ?take (it|the file) away"):
        Narratives(root).subjects()


# --- responses -------------------------------------------------------------------------------


def write_left(root: Path, volumes: np.ndarray) -> None:
    write_gifti(gifti(root, SCAN, "L"), volumes)


@pytest.mark.parametrize(
    ("volumes", "complaint"),
    [
        (
            np.zeros((290, N_VERTICES), np.float32),
            "holds 290 volumes, but the story lasts from .* 10",
        ),
        (
            np.zeros((PIEMAN.first_volume + PIEMAN.n_volumes - 1, N_VERTICES), np.float32),
            "volumes, but the story lasts from .* cut short",
        ),
        (np.zeros((300, N_VERTICES), np.float32), "hemispheres differ in volumes: .* has 300"),
        (np.zeros((295, N_VERTICES - 1), np.float32), r"float32 of shape \(5,\) for volume 0"),
        (np.zeros((295, N_VERTICES), np.int32), r"int32 of shape \(6,\) for volume 0"),
        (np.zeros((295, 2, N_VERTICES), np.float32), r"float32 of shape \(2, 6\) for volume 0"),
    ],
)
def test_responses_of_another_shape_are_refused(root, volumes, complaint):
    write_left(root, volumes)

    with pytest.raises(CorruptData, match=complaint):
        Narratives(root).recording("sub-100")


def test_responses_that_are_no_gifti_are_refused(root):
    path = gifti(root, SCAN, "L")
    whole = path.read_bytes()
    for content, error, complaint in (
        (whole[: len(whole) // 2], CorruptData, "cannot be read as GIFTI"),
        (b"\x1f\x8b" + bytes(100), CorruptData, "cannot be read as GIFTI"),
        (POINTER.encode(), MissingData, "pointer of git-annex"),
        (b"", CorruptData, "is empty"),
    ):
        path.write_bytes(content)
        with pytest.raises(error, match=complaint):
            Narratives(root).recording("sub-100")


@pytest.mark.parametrize("place", ["file", "array"])
def test_hemispheres_that_are_swapped_are_refused(root, place):
    paths = {side: gifti(root, SCAN, side) for side in "LR"}
    for side, name in (("L", "CortexLeft"), ("R", "CortexRight")):
        image = nibabel.load(paths[side])
        owner = image if place == "file" else image.darrays[0]
        owner.meta["AnatomicalStructurePrimary"] = name
        nibabel.save(image, paths[side])
    Narratives(root).recording("sub-100")
    left = paths["L"].read_bytes()
    paths["L"].write_bytes(paths["R"].read_bytes())
    paths["R"].write_bytes(left)

    with pytest.raises(CorruptData, match="hemisphere L, but says that it is of CortexRight"):
        Narratives(root).recording("sub-100")


def test_responses_by_vertex_number_are_refused(root):
    numbers = nibabel.gifti.GiftiDataArray(
        np.arange(N_VERTICES, dtype=np.int32), intent="NIFTI_INTENT_NODE_INDEX"
    )
    path = gifti(root, SCAN, "L")
    image = nibabel.load(path)
    image.darrays.insert(0, numbers)
    nibabel.save(image, path)

    with pytest.raises(CorruptData, match="holds some vertices by number; expected all"):
        Narratives(root).recording("sub-100")


def test_responses_in_another_file_are_refused(root, tmp_path):
    elsewhere = tmp_path / "elsewhere.bin"
    elsewhere.write_bytes(np.zeros(N_VERTICES, np.float32).tobytes())
    path = gifti(root, SCAN, "L")
    text = path.read_text(encoding="utf-8")
    for old, new in (
        ('Encoding="GZipBase64Binary"', 'Encoding="ExternalFileBinary"'),
        ('ExternalFileName=""', f'ExternalFileName="{elsewhere}"'),
    ):
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")

    with pytest.raises(CorruptData, match="keeps its values in another file"):
        Narratives(root).recording("sub-100")


def test_one_hemisphere_without_the_other_is_named(root):
    gifti(root, SCAN, "R").unlink()
    narratives = Narratives(root)

    assert narratives.stimuli_of("sub-100") == ("pieman",)
    for read in (narratives.recording, lambda who: narratives.fingerprint(who, ["pieman"])):
        with pytest.raises(MissingData, match=f"{SCAN} has no file of hemisphere R"):
            read("sub-100")


def test_files_of_other_listeners_spaces_and_steps_are_left_alone(root):
    folder = gifti(root, SCAN, "L").parent
    whole = gifti(root, SCAN, "L").read_bytes()
    for name in (
        "sub-101_task-lucy_space-fsaverage6_hemi-L_desc-clean.func.gii",
        "sub-100_task-lucy_space-fsaverage5_hemi-L_desc-clean.func.gii",
        "sub-100_task-lucy_space-fsaverage6_hemi-L_desc-sm6.func.gii",
        "sub-100_task-lucy_space-fsaverage6_hemi-L_isc.gii",
    ):
        (folder / name).write_bytes(whole)

    assert Narratives(root).stimuli_of("sub-100") == ("pieman",)


# --- what is missing, and what cannot be -----------------------------------------------------


@pytest.mark.parametrize(
    ("path", "command"),
    [
        (f"sub-100/func/{SCAN}_events.tsv", "heschl fetch narratives --subjects sub-100`"),
        ("dataset_description.json", "heschl fetch narratives`"),
    ],
)
def test_files_that_are_missing_are_named_with_the_command(root, path, command):
    (root / path).unlink()

    with pytest.raises(MissingData, match=f"is not in .*; run `{command}"):
        Narratives(root).recording("sub-100")
    with pytest.raises(MissingData, match=f"is not in .*; run `{command}"):
        Narratives(root).fingerprint("sub-100", ["pieman"])


def test_conditions_need_the_table_of_participants(root):
    write_scan(root, "sub-101_task-milkyway", STORIES["milkyway-vodka"])
    (root / "participants.tsv").unlink()

    assert Narratives(root).stimuli_of("sub-100") == ("pieman",)
    with pytest.raises(
        MissingData, match=r"participants\.tsv is not in .*`heschl fetch narratives`"
    ):
        Narratives(root).stimuli_of("sub-101")


@pytest.mark.parametrize("content", ["{", "[]", '{"HeschlPhantom": {}}', '{"HeschlPhantom": 3}'])
def test_descriptions_that_are_none_are_refused(root, content):
    (root / "dataset_description.json").write_text(content, encoding="utf-8")

    with pytest.raises(CorruptData, match=r"is no description of a dataset|is not JSON"):
        Narratives(root).recording("sub-100")


def test_sound_that_ends_before_the_last_volume_is_refused(root):
    write_sound(root, PIEMAN, seconds=434.0)

    with pytest.raises(CorruptData, match=r"lasts 434\.00 s, but responses .* until 435\.00 s"):
        Narratives(root).stimuli()["pieman"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("{", "is not JSON"),
        ('{"words": 3}', "is not what gentle writes"),
        ('{"words": [{"word": "a"}]}', "KeyError: 'case'"),
        ('{"words": [{"case": "guessed", "word": "a"}]}', "KeyError: 'guessed'"),
        ('{"words": [{"case": "success", "word": "a", "start": 2, "end": 1}]}', "from 2 to 1 s"),
        (
            '{"words": [{"case": "success", "word": "a", "start": 2, "end": NaN}]}',
            "from 2 to nan s",
        ),
        # Twelve seconds late: the silence before the story would be in the sound.
        (
            '{"words": [{"case": "success", "word": "a", "start": 27, "end": 28}]}',
            r"first word of pieman 12\.0 s after the story should begin",
        ),
        ('{"words": []}', "first word of pieman inf s after"),
    ],
)
def test_transcripts_that_do_not_fit_are_refused(root, words, complaint):
    write_sound(root, PIEMAN)
    path = root / "stimuli/gentle/pieman/align.json"
    path.parent.mkdir(parents=True)
    path.write_text(words, encoding="utf-8")

    with pytest.raises(CorruptData, match=complaint):
        Narratives(root).stimuli()["pieman"]
