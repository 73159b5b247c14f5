"""How figures are printed: one JSON object per line, the unit in the key."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from typing import Any


def say(name: str, n: int | None = None, **figures: Any) -> None:
    """Print one line. Floats are cut to three digits after the first one that counts."""
    line = {"name": name} | ({} if n is None else {"n": n})
    line |= {key: tidy(value) for key, value in figures.items()}
    print(json.dumps(line, ensure_ascii=False), flush=True)


def tell(words: str) -> None:
    """Say on stderr how far a benchmark is; stdout is for figures."""
    print(f"  {words}", file=sys.stderr, flush=True)


def tidy(value: Any) -> Any:
    return float(f"{value:.4g}") if isinstance(value, float) else value


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that so many percent do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Return median, 95th percentile and maximum in milliseconds."""
    return {
        "p50_ms": 1000 * percentile(seconds, 50),
        "p95_ms": 1000 * percentile(seconds, 95),
        "max_ms": 1000 * max(seconds),
    }
