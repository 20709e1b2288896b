"""A server with faults, and manifests of what it holds."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np

from heschl.fetching import Patience
from heschl.manifest import Manifest

PATIENCE = Patience(attempts=3, wait_s=0.0, timeout_s=5.0)


@dataclass
class Bucket:
    """A server with ranges and versions, and the faults that its test asks for."""

    files: dict[str, bytes] = field(default_factory=dict)
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)
    """Of each request the path, the query and the range."""
    faults: list[object] = field(default_factory=list)
    """For each coming request: a status, ("drop", bytes), ("content", bytes) or None."""
    withdraws_versions: bool = False
    ignores_ranges: bool = False
    seconds_a_block: float = 0.0
    address: str = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        path, span = unquote(parts.path).lstrip("/"), handler.headers.get("Range")
        self.requests.append((path, parts.query, span))
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, int):
            handler.send_error(fault)
            return
        if path not in self.files:
            handler.send_error(404)
            return
        if self.withdraws_versions and parts.query:
            handler.send_error(403)
            return
        body = self.files[path]
        drop_after = None
        if isinstance(fault, tuple):
            kind, value = fault
            body = value if kind == "content" else body
            drop_after = value if kind == "drop" else None
        start = 0
        if span and not self.ignores_ranges:
            start = int(span.removeprefix("bytes=").rstrip("-"))
            if start >= len(body):
                handler.send_error(416)
                return
            handler.send_response(206)
            handler.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            handler.send_response(200)
        handler.send_header("Content-Length", str(len(body) - start))
        handler.end_headers()
        sent = body[start:] if drop_after is None else body[start : start + drop_after]
        for at in range(0, len(sent), 2**16):
            handler.wfile.write(sent[at : at + 2**16])
            handler.wfile.flush()
            time.sleep(self.seconds_a_block)
        if drop_after is not None:
            handler.close_connection = True


@contextmanager
def serving() -> Iterator[Bucket]:
    """Serve an empty bucket on this machine."""
    bucket = Bucket()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            bucket.answer(self)

        def log_message(self, *arguments):
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request, client_address):
            # A client that was killed on purpose leaves a broken pipe behind.
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        bucket.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield bucket
        server.shutdown()
        thread.join()


def content_of(seed: int, n_bytes: int = 300_000) -> bytes:
    return np.random.default_rng(seed).bytes(n_bytes)


def row(path: str, content: bytes, version: str = "v.1", key: str = "") -> str:
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return f"{path}\t{len(content)}\tmd5:{digest}\t{version}\t{key}"


def write_manifest(tmp_path: Path, rows: list[str], base_url: str = "http://127.0.0.1:9") -> Path:
    path = tmp_path / "manifest.tsv"
    head = [
        "# dataset: ds0",
        f"# base_url: {base_url}/ds0",
        "# datalad: https://example.org/ds0.git",
        r"# pattern: stimuli/(?P<stories>[^/]+)\.wav",
        r"# pattern: data/(?P<subjects>[^/]+)/(?P<stories>[^/]+)\.hf5",
        "path\tsize\thash\ts3_version\ts3_path",
    ]
    path.write_text("\n".join([*head, *rows]) + "\n", encoding="utf-8")
    return path


def one_file(tmp_path: Path, bucket: Bucket, content: bytes, path: str = "big.bin") -> Manifest:
    bucket.files[f"ds0/{path}"] = content
    return Manifest.read(write_manifest(tmp_path, [row(path, content)], bucket.address))
