"""Every reader of texts from outside: a whole file, how it is read, and what it says."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from grids import CHRONOLOGICAL, LONG, OLD_SHORT, SHORT
from made_score_files import Bench, made_file

from heschl import textgrid, timit_labels
from heschl.data_registry.lebel_moth import rois
from heschl.data_registry.librispeech import corpus, words
from heschl.data_registry.little_prince import participants
from heschl.data_registry.little_prince import words as prince_words
from heschl.data_registry.narratives import scans, tables, transcripts
from heschl.data_registry.narratives.tasks import STORIES
from heschl.data_registry.natural_sounds import tables as sound_tables
from heschl.data_registry.slurp import loader as slurp
from heschl.data_registry.speech_commands import loader as speech_commands
from heschl.data_registry.timit.annotations import read_tags, read_vectors
from heschl.leaderboard.score_file_reading import read_score_file
from heschl.leaderboard.score_file_writing import score_file_json
from heschl.leaderboard.submitted_card import read_card
from heschl.manifest import Manifest
from heschl.metrics.abx.item_files import read_item_file
from heschl.models.features_on_disk.layout import Description
from heschl.models.huggingface import checkpoint
from heschl.models.text.vectors import WordVectors
from heschl.published import read_published
from heschl.suites import read_suite
from heschl.tables import numbers, read_table
from heschl.truth import read_expectations

__all__ = ["TEXTS", "Parser"]


@dataclass(frozen=True)
class Parser:
    """One kind of file from outside."""

    name: str
    """Of the file."""
    whole: tuple[bytes, ...]
    read: Callable[[Path], Any]
    says: Callable[[bytes], Any] | None = None
    """An independent reading of the same bytes, where the file can be read at all."""
    kind: str = "text"


def _text(content: bytes) -> str:
    return content.decode("utf-8-sig")


def _grid(content: bytes) -> Any:
    """Return the quoted texts of a grid in their order: what Praat shows of it, times aside."""
    for encoding in ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig",):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            text = content.decode("latin-1")
    return sorted(re.findall(r'"((?:[^"]|"")*)"', text.replace("\r\n", "\n").replace("\r", "\n")))


def _grid_labels(path: Path) -> list[str]:
    return sorted(each.label for tier in textgrid.read_textgrid(path).values() for each in tier)


def _labels(content: bytes) -> Any:
    rows = [line.split(None, 2) for line in content.decode("ascii").splitlines() if line.strip()]
    return [(int(start) / 16000, int(end) / 16000, label.rstrip()) for start, end, label in rows]


def _read_manifest(path: Path) -> Any:
    manifest = Manifest.read(path)
    return [(file.path, file.size, file.hash) for file in manifest.files]


def _manifest(content: bytes) -> Any:
    lines = [line for line in _text(content).splitlines() if line]
    rows = [line.split("\t") for line in lines]
    start = next(n for n, row in enumerate(rows) if row[0] == "path")
    return [(row[0], int(row[1]), row[2]) for row in rows[start + 1 :]]


def _read_columns(path: Path) -> Any:
    table = read_table(path, ("name", "value"))
    return table["name"], numbers(path, table, "value").tolist()


def _columns(content: bytes) -> Any:
    rows = list(
        csv.DictReader(
            # Blank lines before the header are no header, here as in the rows.
            io.StringIO("\n".join(_text(content).lstrip("\r\n").splitlines())),
            skipinitialspace=False,
        )
    )
    held = [{(k or "").strip(): v.strip() for k, v in row.items()} for row in rows]
    return [row["name"] for row in held], [float(row["value"]) for row in held]


def _read_suite(path: Path) -> Any:
    suite = read_suite(path)
    return list(suite.models), list(suite.benchmarks), suite.seed


def _suite(content: bytes) -> Any:
    held = yaml.load(content, yaml.CSafeLoader)
    names = [each if isinstance(each, str) else each["id"] for each in held["benchmarks"]]
    return held["models"], names, held.get("seed", 0)


def _items(content: bytes) -> Any:
    rows = [line.split() for line in content.decode().splitlines()[1:]]
    return [(row[0], float(row[1]), float(row[2]), row[3]) for row in rows]


def _read_items(path: Path) -> Any:
    items = read_item_file(path)
    labels = items.labels
    return list(
        zip(
            labels["stimulus"].tolist(),
            items.onsets_s.tolist(),
            items.offsets_s.tolist(),
            labels["phone"].tolist(),
            strict=True,
        )
    )


def _participants(content: bytes) -> Any:
    header, *rows = [line.split("\t") for line in _text(content).splitlines() if line.strip()]
    place = [cell.strip() for cell in header].index("participant_id")
    return [row[place].strip() for row in rows]


def _prince_rows(content: bytes) -> Any:
    rows = list(csv.reader(io.StringIO(_text(content), newline="")))
    header = [cell.strip().lower() for cell in rows[0]]
    at = {name: header.index(name) for name in ("word", "onset", "offset", "section")}
    held = [row for row in rows[1:] if any(cell.strip() for cell in row)]
    spoken = [
        (float(row[at["onset"]]), float(row[at["offset"]]), row[at["word"]].strip())
        for row in held
        if float(row[at["section"]]) == 1
    ]
    return sorted(row for row in spoken if row[2].lower() not in ("", "#", "sil"))


def _read_prince_rows(path: Path) -> Any:
    prince_words._table.cache_clear()
    return sorted(tuple(word) for word in prince_words.read_table(path, 1).words)


def _read_vectors(path: Path) -> Any:
    vectors = WordVectors(path)
    with path.open("rb") as file:
        return {
            word: vectors._vector(file, word.decode("utf-8", "replace")) for word in vectors._places
        }


def _voxels(path: Path) -> Any:
    return rois._millimetres(np.zeros((1, 3)), path).tolist()


def _read_counts(path: Path) -> Any:
    from heschl.data_registry.lebel_moth.loader import LebelMoth

    (path.parent / "derivative").mkdir(exist_ok=True)
    path.replace(path.parent / "derivative" / path.name)
    return LebelMoth(path.parent)._scans()


_MANIFEST = (
    b"# dataset: ds0\n# base_url: https://example.org/ds0\n# pattern: (?P<subjects>[^/]+)/.*\n"
    b"path\tsize\thash\ts3_version\ts3_path\n"
    b"a/one.wav\t5\tmd5:"
    + b"0a" * 16
    + b"\tv1\t\nb/two.wav\t70\tsha256:"
    + b"0b" * 32
    + b"\t\tb/2\n"
)
_ITEM = b"#file onset offset #phone prev-phone next-phone speaker\n" + b"".join(
    b"one 0.%d 0.%d %s L NG 62%d\n" % (k, k + 1, b"IH" if k % 2 else b"AH", k) for k in range(6)
)
_CARD = b"""schema_version = 1
id = "made"
name = "Made"
summary = "A model"
citation = \"\"\"
@article{made, title = {Made}}
\"\"\"
parameters = 12
[training]
objective = "none"
datasets = ["LibriSpeech"]
hours = 960.5
"""
_ALIGNED = json.dumps(
    {
        "words": [
            {
                "case": "success",
                "word": "I",
                "start": 0.1,
                "end": 0.2,
                "phones": [{"phone": "ay_S", "duration": 0.1}],
            },
            {"case": "not-found-in-audio", "word": "x"},
        ]
    }
).encode()
_FEATURES = json.dumps(
    {
        "format": 1,
        "id": "mine",
        "layers": [{"name": "a", "width": 4, "rate_hz": 50.0}],
        "training": {"datasets": ["x"], "hours": 1.5},
    }
).encode()
_EXPECTED = json.dumps(
    {
        "expectations": [
            {
                "benchmark": "b",
                "model": "m",
                "layer": "l",
                "roi": "all",
                "quantity": "score",
                "expected": 0.5,
                "tolerance": 0.1,
                "source": "s",
            }
        ]
    }
).encode()
_PROMPT = json.dumps(
    {"slurp_id": 1, "scenario": "alarm", "action": "set", "recordings": [{"file": "a.flac"}]}
).encode()
_EVENTS = (
    b"onset\tduration\ttrial_type\tstim_file\n0.0\t15.0\tmusic\tpieman_audio.wav\n"
    b"15.0\t422.0\tstory\tpieman_audio.wav\n"
)
_PUBLISHED = (
    b"# paper: A. et al. (2020)\nmodel\troi\tquantity\tvalue\terror\tsource\n"
    b"m\tall\tscore\t0.5\t0.1\tTable 1\n"
)
_BENCH = Bench("b-ridge", 1, "b", "p", "listener", ("one", "two", "three"), 0.5, 0.1)
_SCORE = score_file_json(made_file("made", _BENCH, np.array([0.4, 0.5, 0.7]))).encode()

TEXTS = (
    Parser(
        "words.TextGrid",
        tuple(g.encode() for g in (LONG, SHORT, OLD_SHORT, CHRONOLOGICAL)),
        textgrid.read_textgrid,
    ),
    Parser(
        "sa1.phn",
        (b"0 3050 h#\n3050 4559 sh\n4559 5723 ix\n",),
        lambda path: list(map(tuple, timit_labels.read_timit_labels(path))),
        _labels,
    ),
    Parser("manifest.tsv", (_MANIFEST,), _read_manifest, _manifest),
    Parser("published.tsv", (_PUBLISHED,), read_published),
    Parser(
        "table.csv", (b'name,value,\na,1,0\nb,-2.5e3,1\n"c, d",0,2\n',), _read_columns, _columns
    ),
    Parser(
        "suite.yaml",
        (
            b"models: [logmel, mfcc]\nbenchmarks:\n  - a-ridge\n  - {id: b, data: phantom}\n"
            b"seed: 3\n",
        ),
        _read_suite,
        _suite,
    ),
    Parser("phones.item", (_ITEM,), _read_items, _items),
    Parser("truth.json", (_EXPECTED,), lambda path: read_expectations(path.parent)),
    Parser("card.toml", (_CARD,), read_card),
    Parser("score.json", (_SCORE,), read_score_file),
    Parser(
        "respdict.json", (b'{"alternateithicatom": 363, "avatar": 387}',), _read_counts, json.loads
    ),
    Parser(
        "matrices.xfm", (b'{"coord": [[0.5,0,0,1],[0,0.5,0,1],[0,0,0.5,1],[0,0,0,1]]}',), _voxels
    ),
    Parser(
        "participants.tsv",
        ("\ufeffparticipant_id\tage\nsub-EN01\t20\nsub-EN02\t31\n".encode(),),
        lambda path: list(participants.read_participants(path)),
        _participants,
    ),
    Parser(
        "lppEN_word_information.csv",
        (
            b"word,lemma,onset,offset,section\nonce,once,0.1,0.4,1\nwhen,when,0.4,0.9,1\nI,I,0.1,0.2,2\n",
        ),
        _read_prince_rows,
        _prince_rows,
    ),
    Parser("align.json", (_ALIGNED,), transcripts.read_alignment),
    Parser(
        "scan_exclude.json",
        (b'{"pieman": {"sub-001": ["sub-001_task-pieman_run-1"]}}',),
        scans.read_excluded,
    ),
    Parser("events.tsv", (_EVENTS,), lambda path: tables.placed_story(path, STORIES["pieman"])),
    Parser(
        "conditions.tsv",
        (b"participant_id\ttask\tcondition\nsub-1\tpieman,lucy\tn/a,n/a\n",),
        tables.conditions,
    ),
    Parser(
        "regions.csv",
        (b"voxel_id,subj_idx,hemi\n1,1,lh\n2,1,rh\n",),
        lambda path: sound_tables.read_table(path, {"voxel_id": "number", "hemi": "text"}),
    ),
    Parser(
        "SPEAKERS.TXT",
        (
            b"; ID|S\n14 | F | train-clean-360 | 25.03 | Kristin\n"
            b"16 | M | dev-clean | 8.1 | A | B\n",
        ),
        corpus._read_speakers,
    ),
    Parser(
        "lexicon.txt",
        (b";;; CMU\nA  AH0\nA(1)  EY1\nABLE  EY1 B AH0 L\n",),
        words.read_pronunciations,
    ),
    Parser("synonyms.tsv", (b"# WordNet\nbig\tlarge\nsmall\tlittle\n",), words.read_synonyms),
    Parser(
        "train.jsonl",
        (_PROMPT + b"\n" + _PROMPT.replace(b"a.flac", b"b.flac") + b"\n",),
        lambda path: [list(slurp._recordings_of(p, "train", w)) for w, p in slurp._prompts(path)],
    ),
    Parser(
        "testing_list.txt",
        (b"yes/0a7c2a8d_nohash_0.wav\nno/0a7c2a8d_nohash_1.wav\n",),
        speech_commands._lines,
    ),
    Parser("tags.tsv", (b"sentence\tposition\ttag\nsa1\t1\tPRON\nsa1\t2\tVERB\n",), read_tags),
    Parser(
        "vectors.txt",
        (b"2 3\nshe 0.1 0.2 0.3\nhad 1 2 3\n", b"she 0.1 0.2 0.3\nhad 1 2 3\n"),
        lambda path: read_vectors(path, {"she", "had"}),
    ),
    Parser(
        "glove.txt",
        (b"2 3\nshe 0.1 0.2 0.3\nhad 1 2 3\n", b"she 0.1 0.2 0.3\nhad 1 2 3\n"),
        _read_vectors,
    ),
    Parser("features.json", (_FEATURES,), Description.read),
    Parser(
        "config.json",
        (b'{"model_type": "wav2vec2", "hidden_size": 8, "x": [1, 2.5, null]}',),
        checkpoint._json,
        json.loads,
    ),
)
