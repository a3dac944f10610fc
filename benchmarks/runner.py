"""Runs the measurements: one canned venue, one process per subject, their rounds taken in turn.

Rounds are interleaved, so that whatever else the machine does meets every subject alike.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from benchmarks.rows import MEASUREMENTS, Measurement

PROJECT = Path(__file__).parent.parent
LONGEST_ROUND = 120.0

Figures = dict[str, dict[str, dict[str, list[float] | str]]]
"""measurement -> subject -> figure -> its rounds; under "failed" or "missing" why there are none."""


def hold_to_one_processor() -> None:
    """Where that can be done: this process and all that it starts.

    Two processors of a virtual machine are often two threads of one core. Then a client is up to a half
    slower while the venue is busy on the other one, and which rounds that meets is chance.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


@asynccontextmanager
async def running(module: str, *arguments: str, **settings: Any) -> AsyncIterator[Process]:
    """A module that runs in a process of its own, with pipes to talk to it; it does not outlive this.

    It keeps its bytecode, as an installed package does: importing is measured, not compiling.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "ignore", "-m", module, *arguments),
        stdin=PIPE,
        stdout=PIPE,
        cwd=PROJECT,
        env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        **settings,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def go_apart() -> None:
    """To another processor than the one that all are held to, where there is another."""
    if hasattr(os, "sched_setaffinity"):
        others = set(range(os.cpu_count() or 1)) - os.sched_getaffinity(0)
        os.sched_setaffinity(0, others or os.sched_getaffinity(0))


@asynccontextmanager
async def canned_venue(*, apart: bool = False) -> AsyncIterator[int]:
    """The canned venue, running; its port."""
    async with running("benchmarks.server", preexec_fn=go_apart if apart else None) as process:
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
    """The processes of measurements that are compared with each other."""

    def __init__(self, port: int, stack: AsyncExitStack, *, quick: bool, say: Callable[[str], None]) -> None:
        self._port = port
        self._stack = stack
        self._quick = quick
        self._say = say
        self._workers: dict[str, Process] = {}

    async def _worker(self, subject: str) -> Process:
        if subject not in self._workers:
            opened = running("benchmarks.worker", subject, str(self._port))
            self._workers[subject] = await self._stack.enter_async_context(opened)
        return self._workers[subject]

    async def _round(self, measurement: Measurement, subject: str) -> dict[str, Any]:
        count = measurement.quick if self._quick else measurement.count
        try:
            if not measurement.fresh:
                return await _ask(await self._worker(subject), measurement, count)
            async with AsyncExitStack() as stack:
                # The canned venue sends a stream to one client only.
                port = self._port
                if measurement.at_once or measurement.apart:
                    port = await stack.enter_async_context(canned_venue(apart=measurement.apart))
                opened = running("benchmarks.worker", subject, str(port))
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

    async def measured(self, together: list[Measurement]) -> Figures:
        """The rounds of these measurements, taken in turn, for each of their subjects."""
        found = {measurement.name: _Rounds(measurement) for measurement in together}
        for number in range(max(self._rounds(measurement) for measurement in together)):
            for measurement in together:
                if number < self._rounds(measurement):
                    rounds = found[measurement.name]
                    subjects = rounds.subjects()[:: 1 if number % 2 == 0 else -1]
                    rounds.take(await self._answers(measurement, subjects))
        for name, rounds in found.items():
            self._say(f"{name}: {rounds.brief()}")
        return {name: rounds.by_figure() for name, rounds in found.items()}

    def _rounds(self, measurement: Measurement) -> int:
        return measurement.quick_rounds if self._quick else measurement.rounds


class _Rounds:
    """The answers of each subject, or why it has none."""

    def __init__(self, measurement: Measurement) -> None:
        self._figures: dict[str, list[dict[str, float]]] = {subject: [] for subject in measurement.subjects}
        self._without: dict[str, dict[str, list[float] | str]] = {}

    def subjects(self) -> list[str]:
        """Those that have not failed."""
        return [subject for subject in self._figures if subject not in self._without]

    def take(self, answers: list[tuple[str, dict[str, Any]]]) -> None:
        """One round."""
        for subject, answer in answers:
            if "figures" in answer:
                self._figures[subject].append(answer["figures"])
            else:
                self._without[subject] = answer

    def by_figure(self) -> dict[str, dict[str, list[float] | str]]:
        """Every round of each figure, for each subject."""
        return {
            subject: self._without.get(subject)
            or {figure: [each[figure] for each in got] for figure in got[0]}
            for subject, got in self._figures.items()
        }

    def brief(self) -> str:
        """A line that shows every round."""
        lines = "; ".join(
            f"{subject} {' '.join(f'{next(iter(each.values())):.1f}' for each in got)}"
            for subject, got in self._figures.items()
        )
        return f"{lines} {self._without or ''}".rstrip()


async def run(groups: Iterable[Sequence[str]], *, quick: bool, say: Callable[[str], None]) -> Figures:
    """The figures of the named measurements; the rounds of one group are taken in turn.

    Each group has new processes, so that no row inherits what the one before has left in memory.
    """
    hold_to_one_processor()
    figures: Figures = {}
    async with canned_venue() as port:
        for group in groups:
            async with AsyncExitStack() as stack:
                runner = Runner(port, stack, quick=quick, say=say)
                figures |= await runner.measured([MEASUREMENTS[name] for name in group])
    return figures
