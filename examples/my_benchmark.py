"""A benchmark of your own; its id is ``file:./examples/my_benchmark.py:my_benchmark``."""

from dataclasses import replace

from heschl import BenchmarkCard
from heschl.benchmarks.lebel_moth.ridge import benchmark
from heschl.encoding import EncodingBenchmark
from heschl.temporal import HemodynamicResponse


def my_benchmark() -> EncodingBenchmark:
    """Return LeBel's stories again, through a canonical response instead of free delays."""
    card = BenchmarkCard(
        id="lebel_moth-glover",
        load=my_benchmark,
        summary="Ridge encoding of story listening, features convolved with Glover's response",
        dataset="lebel_moth",
        metric="ridge",
        protocol="mine.glover",
        citation="@misc{mine, title = {My experiment}, year = {2026}}",
    )
    return replace(benchmark(), card=card, resampler=HemodynamicResponse("glover"), delays=(0,))
