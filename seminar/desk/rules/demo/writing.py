"""What the demo's students write, drawn from what is given by a seed: no chance, no clock. Pure."""

import math
import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from hashlib import sha256
from typing import TypeVar

import yaml
from pydantic import BaseModel, ConfigDict

from assignments.rules import Part

T = TypeVar("T")
LINE = 92
NIGHT = 6  # until this hour


class PaperTexts(BaseModel):
    """Sentences about one paper. A summary is an opening, all of ``middle``, perhaps a closing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    opening: tuple[str, ...]
    middle: tuple[str, ...]
    closing: tuple[str, ...]
    strengths: tuple[str, ...]
    weaknesses: tuple[str, ...]
    improvements: tuple[str, ...]
    extensions: tuple[str, ...]


def read_texts(text: str) -> dict[str, PaperTexts]:
    """Read the sentences by paper."""
    return {key: PaperTexts.model_validate(part) for key, part in yaml.safe_load(text).items()}


def drawn(seed: str, options: Sequence[T], count: int) -> tuple[T, ...]:
    """Return ``count`` of the options, in an order that only ``seed`` decides."""
    return tuple(sorted(options, key=lambda option: _number(f"{seed}|{option}"))[:count])


def moment_between(seed: str, first: datetime, last: datetime) -> datetime:
    """Return a full second in [first, last); what falls into the night is moved to the evening."""
    seconds = int((last - first).total_seconds())
    moment = first + timedelta(seconds=_number(seed) % seconds)
    return moment - timedelta(hours=NIGHT) if moment.hour < NIGHT else moment


def points_for(seed: str, quality: int, most: Decimal) -> Decimal:
    """Return whole points for work of a quality from 0 to 10; fractions are rounded by the seed."""
    luck = Decimal(_number(seed) % 100) / 100
    return min((quality * most / 10 + luck).to_integral_value(ROUND_FLOOR), most)


def report_parts(texts: PaperTexts, seed: str) -> dict[Part, tuple[str, ...]]:
    """Return what one student writes about one paper, part by part."""
    closing = drawn(seed, texts.closing, _number(seed) % 2)
    summary = " ".join((*drawn(seed, texts.opening, 1), *texts.middle, *closing))
    return {
        Part.SUMMARY: (summary,),
        Part.STRENGTH: drawn(seed, texts.strengths, 3),
        Part.WEAKNESS: drawn(seed, texts.weaknesses, 3),
        Part.IMPROVEMENT: drawn(seed, texts.improvements, 1),
        Part.EXTENSION: drawn(seed, texts.extensions, 1),
    }


MODELS = {"GPT-2 Large": 0.77, "Pythia 1B": 1.01, "OPT 1.3B": 1.32, "TinyLlama 1.1B": 1.10}
CARDS = {"RTX 3090, 24 GB": 24, "A10G, 24 GB": 24, "RTX 4090, 24 GB": 24}
BYTES_PER_GIB = 2**30
PROSE = """\
Setup. {model}, sequences of 1024 tokens, batch of 8, AdamW, one {card}. Peak memory is what \
torch.cuda.max_memory_allocated reports after 50 steps; speed is the median of the next 100 steps \
in tokens per second. Seed and data order are the same in all rows.
Why it fits. Weights, gradients and optimizer states need 16 bytes for each parameter, so the \
states alone take {states:.1f} GiB. The rest is activations, which grow with the batch. Mixed \
precision halves them. Checkpointing keeps only the inputs of the blocks.
What it costs. Checkpointing repeats the forward pass, which should cost a quarter to a third of \
the speed, and that is what we see. Accumulation changes nothing in the result: the losses after \
500 steps agree to three digits. The eight-bit optimizer was a little faster, because less memory \
is read in the update.
Limits. One seed and one sequence length only. Fragmentation makes the reserved memory about 6 % \
larger than what is allocated. We did not measure the quality after training."""


def experiment_pages(seed: str, pages: int) -> list[list[str]]:
    """Return a mini-assignment as lines of text by page: a run that was made to fit into memory.

    Memory follows from what is known: 16 bytes for a parameter with Adam, 10 with an optimizer that
    keeps eight-bit states; 16-bit activations take half, checkpointing leaves about a fifth.
    """
    model = drawn(seed, tuple(MODELS), 1)[0]
    card = drawn(seed, tuple(CARDS), 1)[0]
    found = list(_measured(MODELS[model], activations=14.0 + _number(seed) % 9))
    speed = 2900 + _number(f"{seed}|speed") % 900
    rows = [
        f"{name:<44}{memory:>9.1f} GiB{_speed(memory, CARDS[card], speed * factor):>18}"
        for name, memory, factor in found
    ]
    states = found[0][1] - _activations(found)
    prose = PROSE.format(model=model, card=card, states=states)
    body = [line for part in prose.split("\n") for line in (*textwrap.wrap(part, LINE), "")]
    heading = ["Mini-assignment 1: Fit a training run into memory", ""]
    table = [
        f"{'Change, each on top of the one before':<44}{'Peak':>13}{'tokens/s':>18}",
        *rows,
        "",
    ]
    return [heading + table + body, *(_appendix(seed, page) for page in range(2, pages + 1))]


def _measured(billions: float, *, activations: float) -> Iterator[tuple[str, float, float]]:
    def states(size: int) -> float:
        return billions * 1e9 * size / BYTES_PER_GIB

    yield "Single precision, nothing else", states(16) + activations, 0.0
    yield "bfloat16 autocast", states(16) + activations / 2, 1.0
    yield "2 micro-batches of 4, accumulated", states(16) + activations / 4, 0.94
    yield "Checkpointing of every block", states(16) + activations / 20, 0.71
    yield "AdamW with eight-bit states", states(10) + activations / 20, 0.73


def _speed(memory: float, room: float, tokens: float) -> str:
    return "does not fit" if memory > room else str(round(tokens))


def _activations(found: Sequence[tuple[str, float, float]]) -> float:
    return 2 * (found[0][1] - found[1][1])


def _appendix(seed: str, page: int) -> list[str]:
    first = 500 * (page - 2)
    rows = [
        f"step {first + 20 * step:>5}    loss {_loss(first + 20 * step, seed):.2f}"
        for step in range(26)
    ]
    return [f"Appendix {page - 1}: losses of the last configuration", "", *rows]


def _loss(step: int, seed: str) -> float:
    start, noise = 3.1, _number(f"{seed}|{step}") % 7 / 100
    return start + 4.2 / math.sqrt(1 + step / 60) + noise


def _number(seed: str) -> int:
    return int.from_bytes(sha256(seed.encode()).digest()[:6])
