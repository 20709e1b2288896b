"""The upstreams of s3prl 0.4.18 by name: ``s3prl:NAME``; see `heschl.models.s3prl.scheme`.

Each family is loaded by itself, on current torch, with or without a torchaudio that
works. `heschl list models --scheme s3prl` shows all names and what each needs.
"""

from __future__ import annotations

from heschl.models.s3prl.scheme import UpstreamScheme

__all__ = ["SCHEME", "UpstreamScheme"]

SCHEME = UpstreamScheme()
