"""One subject's own process: it runs the measurements it is told to, one JSON line each way.

`python -m benchmarks.worker <subject> <port of the canned venue>`
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import traceback
from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import Any

from benchmarks import download_measures, order_measures, rest_measures, start_measures, stream_measures
from benchmarks.subjects import MissingError

MEASURES: dict[str, Callable[..., Coroutine[Any, Any, dict[str, float]]]] = {
    "call": rest_measures.call,
    "sign": rest_measures.sign,
    "construct": rest_measures.construct,
    "frames": stream_measures.frames,
    "tick_to_trade": order_measures.tick_to_trade,
    "call_blocking": order_measures.call_blocking,
    "calls_over_the_least": download_measures.calls_over_the_least,
    "opened_after_idleness": order_measures.opened_after_idleness,
    "longest_pause": order_measures.longest_pause,
    "imports": start_measures.imports,
    "memory_of_books": start_measures.memory_of_books,
    "memory_of_trades": start_measures.memory_of_trades,
}


def loop_factory(name: str | None) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What makes event loops: asyncio's own unless another library is named."""
    if name is None:
        return None
    try:
        factory: Callable[[], asyncio.AbstractEventLoop] = import_module(name).new_event_loop
    except ImportError as error:
        raise MissingError(name) from error
    return factory


def measured(subject: str, port: int, order: dict[str, Any]) -> dict[str, Any]:
    """The figures of one measurement, or why there are none."""
    measure, settings = MEASURES[order["measure"]], dict(order.get("settings", {}))
    try:
        with asyncio.Runner(loop_factory=loop_factory(settings.pop("loop", None))) as runner:
            return {"figures": runner.run(measure(subject, port, order["name"], order["count"], **settings))}
    except MissingError as what:
        return {"missing": f"no {what}"}
    except Exception as error:
        traceback.print_exc(limit=-4)
        if type(error).__name__ == "NotSupported":
            return {"missing": str(error)}
        return {"failed": f"{type(error).__name__}: {error}"[:300]}


def main() -> None:
    """Answer orders until there are no more."""
    subject, port = sys.argv[1], int(sys.argv[2])
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints is not an answer
    for line in sys.stdin:
        answers.write(json.dumps(measured(subject, port, json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
