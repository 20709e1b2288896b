"""Atlases: the regions of the protocol, the spellings of labels, and meshes that are nested."""

from __future__ import annotations

import struct

import nibabel.freesurfer.io
import numpy as np
import pytest
from label_files import (
    DESTRIEUX_LABELS,
    GLASSER_AREAS,
    cycled,
    glasser_names,
    write_annotation,
    write_gifti_labels,
)

from heschl.data_registry.atlases.groups import ATLASES, DESTRIEUX, GLASSER
from heschl.data_registry.atlases.label_files import read_labels
from heschl.data_registry.atlases.surfaces import (
    MESHES,
    atlas_folder,
    find_label_files,
    membership,
    regions,
)
from heschl.errors import CorruptData, MissingData, UnknownName

N_FSAVERAGE5, N_FSAVERAGE6 = 10_242, 40_962


@pytest.fixture
def destrieux(tmp_path):
    """Return a folder of FreeSurfer subjects with fsaverage6 in it."""
    for number, side in enumerate(("lh", "rh")):
        write_annotation(
            tmp_path / f"fsaverage6/label/{side}.aparc.a2009s.annot",
            cycled(N_FSAVERAGE6, len(DESTRIEUX_LABELS), start=number),
            DESTRIEUX_LABELS,
        )
    return tmp_path


# --- the regions -----------------------------------------------------------------------------


def test_regions_of_destrieux_are_disjoint_and_those_of_glasser_too_but_for_parts():
    labels = [label for parts in DESTRIEUX.values() for label in parts]
    assert len(labels) == len(set(labels))

    late, early = set(GLASSER["late_language"]), set(GLASSER["early_auditory"])
    assert not late & early
    # 23 areas, as docs/protocols.md says; none of those that only released code has.
    assert len(GLASSER["late_language"]) == len(late) == 23
    assert not late & {"PGp", "PH", "TA2", "V1", "V2"}
    assert len(early) == 6
    assert set(GLASSER["A1"]) < early
    parts = [GLASSER[f"late_language.{part}"] for part in ("AG", "LTC", "IFG", "MFG")]
    assert [area for part in parts for area in part] == list(GLASSER["late_language"])
    assert not set(DESTRIEUX) & set(GLASSER)


# --- labels and their spellings --------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("L_A1_ROI", "A1"),
        ("A1", "A1"),
        ("A1_ROI", "A1"),
        ("L_A1", "A1"),
        ("L_9-46d_ROI", "9-46d"),
        ("L_44_ROI", "44"),
        ("lh.A1", "A1"),
        ("Left-A1", "A1"),
        ("LBelt", "LBelt"),
        ("RI", "RI"),
        ("L_RI_ROI", "RI"),
        ("G_temp_sup-G_T_transv", "G_temp_sup-G_T_transv"),
        ("G_temp_sup-G_T_transv-lh", "G_temp_sup-G_T_transv"),
        ("ctx_lh_G_precentral", "G_precentral"),
        ("Lat_Fis-ant-Vertical", "Lat_Fis-ant-Vertical"),
    ],
)
def test_labels_are_read_in_their_plainest_spelling(tmp_path, written, read):
    path = tmp_path / "lh.label.gii"
    write_gifti_labels(path, np.array([0, 24, 24]), {0: "???", 24: written})

    labels = read_labels(path, "L")

    assert labels.of_vertex.tolist() == ["???", read, read]
    assert labels.known == {"???", read}


@pytest.mark.parametrize("name", ["R_A1_ROI", "rh.A1", "A1-rh", "Right-A1"])
def test_labels_of_the_other_hemisphere_are_refused(tmp_path, name):
    path = tmp_path / "lh.label.gii"
    write_gifti_labels(path, np.array([0, 24]), {0: "???", 24: name})

    with pytest.raises(CorruptData, match="files of left and right are mixed up"):
        read_labels(path, "L")


def test_table_of_both_hemispheres_is_read_for_the_labels_in_use(tmp_path):
    path = tmp_path / "lh.label.gii"
    write_gifti_labels(path, np.array([1, 1]), {1: "L_A1_ROI", 181: "R_A4_ROI"})

    labels = read_labels(path, "L")

    assert labels.of_vertex.tolist() == ["A1", "A1"]
    assert labels.known == {"A1"}


def test_vertices_without_a_label_have_none(tmp_path):
    path = tmp_path / "lh.aparc.a2009s.annot"
    write_annotation(path, np.array([-1, 0, 1]), ["Unknown", "S_temporal_sup"])

    assert read_labels(path, "L").of_vertex.tolist() == ["", "Unknown", "S_temporal_sup"]


def annotation(codes: list[int], table: list[tuple[int, str, tuple[int, int, int]]]) -> bytes:
    """Return an annotation put together by hand; the table has numbers, names and colours."""
    numbered = [struct.pack(">ii", vertex, code) for vertex, code in enumerate(codes)]
    head = struct.pack(">iiii", 1, -2, 100, 2) + b"t\0" + struct.pack(">i", len(table))
    entries = [
        struct.pack(">ii", number, len(name) + 1)
        + name.encode()
        + b"\0"
        + struct.pack(">4i", *colour, 0)
        for number, name, colour in table
    ]
    return struct.pack(">i", len(codes)) + b"".join([*numbered, head, *entries])


def test_code_that_no_label_has_is_no_label(tmp_path):
    path = tmp_path / "lh.annot"
    table = [(0, "Unknown", (9, 0, 0)), (1, "A", (7, 0, 0)), (2, "B", (3, 1, 0))]
    path.write_bytes(annotation([7, 5, -1, 0, 0x7F7F7F, 3 + 256, 9], table))

    labels = read_labels(path, "L")

    assert labels.of_vertex.tolist() == ["A", "", "", "", "", "B", "Unknown"]
    assert labels.known == {"A", "B", "Unknown"}


def test_numbers_that_a_table_leaves_out_move_no_name(tmp_path):
    path = tmp_path / "lh.annot"
    table = [(4, "B", (3, 1, 0)), (0, "Unknown", (9, 0, 0)), (2, "A", (7, 0, 0))]
    path.write_bytes(annotation([7, 3 + 256, 9], table))

    assert read_labels(path, "L").of_vertex.tolist() == ["A", "B", "Unknown"]


def test_annotations_are_read_as_nibabel_reads_regular_ones(tmp_path):
    path, generator = tmp_path / "lh.annot", np.random.default_rng(0)
    colours = generator.permuted(np.arange(1, 61)).reshape(20, 3)
    names = [f"area {number}" for number in range(20)]
    numbers = generator.integers(-1, 20, 500)
    nibabel.freesurfer.io.write_annot(
        path, numbers, np.column_stack([colours, np.zeros((20, 2), int)]), names, fill_ctab=True
    )
    positions, _, read = nibabel.freesurfer.io.read_annot(path)

    expected = [read[position].decode() if position >= 0 else "" for position in positions]
    assert read_labels(path, "L").of_vertex.tolist() == expected
    assert set(expected) == {"", *names}


def test_annotations_with_a_table_of_the_older_kind_are_read(tmp_path):
    path = tmp_path / "lh.annot"
    entries = [
        struct.pack(">i", len(name)) + name + struct.pack(">4i", *colour, 0)
        for name, colour in ((b"A\0", (7, 0, 0)), (b"B\0", (3, 1, 0)))
    ]
    vertices = struct.pack(">6i", 0, 3 + 256, 1, 7, 2, 0)
    head = struct.pack(">iii", 1, len(entries), 2) + b"t\0"
    path.write_bytes(struct.pack(">i", 3) + vertices + head + b"".join(entries))

    assert nibabel.freesurfer.io.read_annot(path)[0].tolist() == [1, 0, -1]
    assert read_labels(path, "L").of_vertex.tolist() == ["B", "A", ""]


@pytest.mark.parametrize("damage", ["cut", "no table", "no labels", "vertices"])
def test_damaged_annotation_is_refused(tmp_path, damage):
    path = tmp_path / "lh.annot"
    content = annotation([7, 7], [(0, "A", (7, 0, 0))])
    end = content.index(struct.pack(">i", -2))
    path.write_bytes(
        {
            "cut": content[:-3],
            "no table": content[: end - 4] + struct.pack(">i", 0),
            "no labels": annotation([7, 7], []),
            "vertices": content[:4] + struct.pack(">i", 1) + content[8:],
        }[damage]
    )

    with pytest.raises(CorruptData, match=r"lh\.annot cannot be read as a FreeSurfer annotation"):
        read_labels(path, "L")


def test_files_that_hold_no_labels_are_refused(tmp_path):
    annotation, gifti = tmp_path / "lh.annot", tmp_path / "lh.label.gii"
    with pytest.raises(MissingData, match="does not exist"):
        read_labels(annotation, "L")
    annotation.write_bytes(b"\x00\x00\x00\x09 nothing of the kind")
    with pytest.raises(CorruptData, match="cannot be read as a FreeSurfer annotation"):
        read_labels(annotation, "L")
    gifti.write_text("<GIFTI>", encoding="utf-8")
    with pytest.raises(CorruptData, match="cannot be read as GIFTI"):
        read_labels(gifti, "L")
    write_gifti_labels(gifti, np.array([0, 24]), {})
    with pytest.raises(CorruptData, match="numbers without a table of names"):
        read_labels(gifti, "L")
    write_gifti_labels(gifti, np.zeros((2, 2)), {0: "A1"})
    with pytest.raises(CorruptData, match=r"of shape \(2, 2\); expected a whole number"):
        read_labels(gifti, "L")
    text = gifti.read_text(encoding="utf-8").replace("GZipBase64Binary", "ExternalFileBinary")
    gifti.write_text(text, encoding="utf-8")
    with pytest.raises(CorruptData, match="keeps its values in another file"):
        read_labels(gifti, "L")


# --- meshes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("mesh", "n_vertices"), [("fsaverage6", 40_962), ("fsaverage5", 10_242)])
def test_membership_takes_left_then_right_and_cuts_finer_meshes(destrieux, mesh, n_vertices):
    found = membership("destrieux", mesh, destrieux)

    assert found.dims == ("roi", "unit")
    assert found["roi"].to_numpy().tolist() == list(DESTRIEUX)
    assert found.sizes["unit"] == 2 * n_vertices
    assert (found["hemi"][:n_vertices] == "L").all()
    assert (found["hemi"][n_vertices:] == "R").all()
    labels = np.array(DESTRIEUX_LABELS)
    expected = np.concatenate([labels[cycled(n_vertices, len(labels), start)] for start in (0, 1)])
    for region, parts in DESTRIEUX.items():
        np.testing.assert_array_equal(found.sel(roi=region), np.isin(expected, parts))
    assert found.any("unit").all()
    assert found.sum("roi").max() == 1


def test_meshes_are_nested_icosahedra():
    # Every subdivision of an icosahedron makes four faces of each.
    assert [(count - 2) / 10 for count in MESHES.values()] == [4**5, 4**6, 4**7]


@pytest.mark.parametrize(
    "names",
    [
        ["lh.HCPMMP1.annot", "rh.HCPMMP1.annot"],
        ["label/lh.HCP-MMP1.annot", "label/rh.HCP-MMP1.annot"],
        [f"tpl-fsaverage6/tpl-fsaverage6_hemi-{side}_desc-MMP_dseg.label.gii" for side in "LR"],
    ],
)
def test_glasser_is_found_under_its_known_names(tmp_path, names):
    for side, name in zip("LR", names, strict=True):
        written = glasser_names(side)
        numbers = cycled(N_FSAVERAGE6, len(written))
        if name.endswith("annot"):
            write_annotation(tmp_path / name, numbers, written)
        else:
            write_gifti_labels(tmp_path / name, numbers, dict(enumerate(written)))

    found = membership("glasser", "fsaverage6", tmp_path)

    position = 1 + GLASSER_AREAS.index("A1")
    expected = np.flatnonzero(cycled(N_FSAVERAGE6, len(GLASSER_AREAS) + 1) == position)
    np.testing.assert_array_equal(
        np.flatnonzero(found.sel(roi="A1")), [*expected, *(expected + N_FSAVERAGE6)]
    )
    assert not (found.sel(roi="late_language") & found.sel(roi="early_auditory")).any()
    parts = found.sel(roi=[roi for roi in GLASSER if "." in roi])
    np.testing.assert_array_equal(parts.any("roi"), found.sel(roi="late_language"))


def test_regions_are_all_and_every_atlas_that_is_there(destrieux, tmp_path):
    everything, files = regions("fsaverage6", [tmp_path / "nothing", destrieux])
    alone, no_files = regions(40, [])

    assert everything["roi"].to_numpy().tolist() == ["all", *DESTRIEUX]
    assert everything.sel(roi="all").all()
    assert [path.name for path in files] == ["lh.aparc.a2009s.annot", "rh.aparc.a2009s.annot"]
    assert alone["roi"].to_numpy().tolist() == ["all"]
    assert alone["hemi"].to_numpy().tolist() == ["L"] * 40 + ["R"] * 40
    assert no_files == ()


def test_other_meshes_are_named_by_their_number_of_vertices(tmp_path):
    for side in ("lh", "rh"):
        write_annotation(
            tmp_path / f"{side}.aparc.a2009s.annot",
            cycled(40, len(DESTRIEUX_LABELS)),
            DESTRIEUX_LABELS,
        )

    assert membership("destrieux", 40, tmp_path).sizes["unit"] == 80
    with pytest.raises(CorruptData, match="labels 40 vertices; expected 39 for 39"):
        membership("destrieux", 39, tmp_path)
    with pytest.raises(CorruptData, match="labels 40 vertices; expected 10,242 for fsaverage5, or"):
        membership("destrieux", "fsaverage5", tmp_path)


# --- what is not there -----------------------------------------------------------------------


def test_folder_without_labels_is_told_how_to_get_them(tmp_path):
    with pytest.raises(MissingData, match=r"fetch_atlas_surf_destrieux as fetch; fetch\(data_dir="):
        membership("destrieux", "fsaverage5", tmp_path)
    with pytest.raises(MissingData, match=r"\$SUBJECTS_DIR/fsaverage6/label"):
        membership("destrieux", "fsaverage6", tmp_path)
    with pytest.raises(MissingData, match=r"lh\.HCPMMP1\.annot or .*figshare"):
        membership("glasser", "fsaverage6", tmp_path)
    with pytest.raises(MissingData, match=str(atlas_folder())):
        membership("glasser", "fsaverage6")
    with pytest.raises(UnknownName, match="no atlas 'desikan'"):
        membership("desikan", "fsaverage6", tmp_path)
    with pytest.raises(UnknownName, match="no mesh 'fsaverage4'; did you mean"):
        membership("glasser", "fsaverage4", tmp_path)


def test_files_where_nilearn_puts_them_are_found(tmp_path):
    for side in ("left", "right"):
        write_annotation(
            tmp_path / f"destrieux_surface/{side}.aparc.a2009s.annot",
            cycled(N_FSAVERAGE5, len(DESTRIEUX_LABELS)),
            DESTRIEUX_LABELS,
        )

    assert membership("destrieux", "fsaverage5", tmp_path).sizes["unit"] == 2 * N_FSAVERAGE5
    with pytest.raises(CorruptData, match="labels 10,242 vertices; expected 40,962 for fsaverage6"):
        membership("destrieux", "fsaverage6", tmp_path)


def test_one_hemisphere_without_the_other_is_refused(destrieux):
    (destrieux / "fsaverage6/label/rh.aparc.a2009s.annot").unlink()

    with pytest.raises(MissingData, match=r"rh\.aparc\.a2009s\.annot is not there, but"):
        find_label_files("destrieux", "fsaverage6", destrieux)


@pytest.mark.parametrize("lacking", ["S_temporal_sup", "G_front_inf-Orbital"])
def test_atlas_without_a_label_of_a_region_is_refused(destrieux, lacking):
    path = destrieux / "fsaverage6/label/rh.aparc.a2009s.annot"
    names = [name if name != lacking else "G_other" for name in DESTRIEUX_LABELS]
    write_annotation(path, cycled(N_FSAVERAGE6, len(names)), names)

    with pytest.raises(CorruptData, match=f"rh.*lacks the labels {lacking}; expected"):
        membership("destrieux", "fsaverage6", destrieux)


def test_every_atlas_is_known_by_name():
    assert {"destrieux": DESTRIEUX, "glasser": GLASSER} == ATLASES
