"""Runs the measurements: one canned venue, one process per subject, their rounds taken in turn.

Rounds are interleaved, so that whatever else the machine does meets every subject alike, and the median of
the rounds is kept.
"""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.rows import MEASUREMENTS, Measurement

PROJECT = Path(__file__).parent.parent
LONGEST_ROUND = 120.0

Figures = dict[str, dict[str, dict[str, float | str]]]
"""measurement -> subject -> figure -> median; under "failed" or "missing" the reason why there is none."""


@asynccontextmanager
async def _process(module: str, *arguments: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "ignore", "-m", module, *arguments, stdin=PIPE, stdout=PIPE, cwd=PROJECT
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@asynccontextmanager
async def canned_venue() -> AsyncIterator[int]:
    """The canned venue, running; its port."""
    async with _process("benchmarks.server") as process:
        assert process.stdout is not None
        yield int(await process.stdout.readline())


async def _ask(process: Process, measurement: Measurement, count: int) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    order = {
        "measure": measurement.measure,
        "name": measurement.argument,
        "count": count,
        "settings": dict(measurement.settings),
    }
    process.stdin.write((json.dumps(order) + "\n").encode())
    await process.stdin.drain()
    line = await asyncio.wait_for(process.stdout.readline(), LONGEST_ROUND)
    answer: dict[str, Any] = json.loads(line) if line else {"failed": "the process ended"}
    return answer


class Runner:
    """The processes of one run."""

    def __init__(self, port: int, stack: AsyncExitStack, *, quick: bool, say: Callable[[str], None]) -> None:
        self._port = port
        self._stack = stack
        self._quick = quick
        self._say = say
        self._workers: dict[str, Process] = {}

    async def _worker(self, subject: str) -> Process:
        if subject not in self._workers:
            opened = _process("benchmarks.worker", subject, str(self._port))
            self._workers[subject] = await self._stack.enter_async_context(opened)
        return self._workers[subject]

    async def _round(self, measurement: Measurement, subject: str) -> dict[str, Any]:
        count = measurement.quick if self._quick else measurement.count
        try:
            if not measurement.fresh:
                return await _ask(await self._worker(subject), measurement, count)
            async with AsyncExitStack() as stack:
                # The canned venue sends a stream to one client only.
                port = await stack.enter_async_context(canned_venue()) if measurement.at_once else self._port
                opened = _process("benchmarks.worker", subject, str(port))
                return await _ask(await stack.enter_async_context(opened), measurement, count)
        except TimeoutError:
            stuck = self._workers.pop(subject, None)
            if stuck is not None:
                stuck.kill()
            return {"failed": f"no answer within {LONGEST_ROUND:.0f} s"}

    async def _answers(
        self, measurement: Measurement, subjects: list[str]
    ) -> list[tuple[str, dict[str, Any]]]:
        if measurement.at_once:
            answers = await asyncio.gather(*(self._round(measurement, subject) for subject in subjects))
            return list(zip(subjects, answers, strict=True))
        return [(subject, await self._round(measurement, subject)) for subject in subjects]

    async def measured(self, measurement: Measurement) -> dict[str, dict[str, float | str]]:
        """The medians of one measurement for each of its subjects."""
        rounds: dict[str, list[dict[str, float]]] = {subject: [] for subject in measurement.subjects}
        without: dict[str, dict[str, float | str]] = {}
        for number in range(measurement.quick_rounds if self._quick else measurement.rounds):
            order = measurement.subjects if number % 2 == 0 else measurement.subjects[::-1]
            for subject, answer in await self._answers(
                measurement, [one for one in order if one not in without]
            ):
                if "figures" in answer:
                    rounds[subject].append(answer["figures"])
                else:
                    without[subject] = answer
        self._say(f"{measurement.name}: {_brief(rounds)}{' ' + str(without) if without else ''}")
        return {
            subject: without.get(subject)
            or {figure: median(each[figure] for each in got) for figure in got[0]}
            for subject, got in rounds.items()
        }


def _brief(rounds: dict[str, list[dict[str, float]]]) -> str:
    return "; ".join(
        f"{subject} {' '.join(f'{next(iter(each.values())):.1f}' for each in got)}"
        for subject, got in rounds.items()
    )


async def run(names: Iterable[str], *, quick: bool, say: Callable[[str], None]) -> Figures:
    """The figures of the named measurements."""
    async with canned_venue() as port, AsyncExitStack() as stack:
        runner = Runner(port, stack, quick=quick, say=say)
        return {name: await runner.measured(MEASUREMENTS[name]) for name in dict.fromkeys(names)}
