"""The gateway's figures as Prometheus reads them, over the HTTP server that is there anyway."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import web

if TYPE_CHECKING:
    from bpx_connector.gateway.publisher.service import Gateway

__all__ = ["Figure", "figures_of", "metrics_text", "serve_metrics"]


class Figure(NamedTuple):
    """One figure, with its labels."""

    name: str
    kind: str
    help: str
    value: float
    labels: Mapping[str, str] = {}


def figures_of(gateway: Gateway) -> Iterator[Figure]:
    """All that a gateway knows of itself."""
    said, desk = gateway.outlet.counts, gateway.desk
    yield Figure("leading", "gauge", "1 while this gateway leads", float(gateway.leads))
    yield Figure("epoch", "gauge", "number with which the present lead began", gateway.leading.lease.epoch)
    yield Figure("takeovers_total", "counter", "leads begun", gateway.leading.takeovers)
    yield Figure(
        "began_full", "gauge", "1 if the lead began with a full budget", float(gateway.spending.began_full)
    )
    yield Figure("bus_open", "gauge", "1 while the bus is connected", float(gateway.has_bus))
    yield Figure("streams", "gauge", "streams of the venue that are followed", gateway.following.streams)
    yield Figure("streams_on", "gauge", "of them, those that are on", gateway.following.streams_on)
    yield Figure("said_total", "counter", "messages published", said["messages"])
    yield Figure("said_bytes_total", "counter", "their bytes", said["bytes"])
    yield Figure(
        "ring", "gauge", "messages held back by a gateway that does not lead", len(gateway.outlet.ring)
    )
    yield Figure("replayed_total", "counter", "messages said at a takeover", gateway.replayed)
    yield Figure("heads_total", "counter", "heads of books said", gateway.announcing.heads_said)
    yield Figure("outbox", "gauge", "private events not known to be stored", gateway.outlet.unstored)
    yield Figure("stored_total", "counter", "private events stored", said["stored"])
    yield Figure(
        "backfilled_total", "counter", "fills taken from the history", gateway.completeness.backfilled
    )
    yield Figure("audits_total", "counter", "comparisons with the venue", gateway.auditing.audits)
    yield Figure("doubts_total", "counter", "comparisons that did not agree", gateway.auditing.doubts)
    yield Figure("venue_requests_total", "counter", "requests to the venue", gateway.venue_requests)
    yield Figure("coalesced_total", "counter", "questions answered with another's answer", desk.spared)
    for kind, count in desk.counts.items():
        yield Figure("desk_total", "counter", "requests by kind", count, {"kind": kind})
    for name, budget in gateway.till.budgets.items():
        labels = {"budget": name}
        yield Figure("budget_used_total", "counter", "requests let go", budget.used, labels)
        yield Figure("budget_refused_total", "counter", "requests refused", budget.refused, labels)
        for user, waiting in budget.waiting_of().items():
            figure = {"budget": name, "user": user}
            yield Figure("budget_waiting", "gauge", "requests that wait", waiting, figure)
    for user, seconds in gateway.till.waited.items():
        yield Figure("waited_seconds", "gauge", "longest wait so far", seconds, {"user": user})


def metrics_text(gateway: Gateway) -> str:
    """The text that Prometheus reads."""
    described: set[str] = set()
    lines = []
    for figure in sorted(figures_of(gateway), key=lambda one: one.name):
        name = f"bpx_gateway_{figure.name}"
        if name not in described:
            described.add(name)
            lines += [f"# HELP {name} {figure.help}", f"# TYPE {name} {figure.kind}"]
        labels = {"gateway": gateway.settings.name, **figure.labels}
        written = ",".join(f'{key}="{value}"' for key, value in labels.items())
        lines.append(f"{name}{{{written}}} {figure.value:g}")
    return "\n".join([*lines, ""])


async def serve_metrics(gateway: Gateway, host: str, port: int) -> web.AppRunner:
    """Answer GET /metrics until the runner is cleaned up."""

    async def answered(request: web.Request) -> web.Response:
        return web.Response(text=metrics_text(gateway), content_type="text/plain")

    application = web.Application()
    application.router.add_get("/metrics", answered)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner
