"""Who leads: two gateways and a server, any delays, freezes and restarts."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.gateway.rules.lease import LIFETIME, Attempt, Lease


@dataclass
class LeaseServer:
    """Keeps one message for a second, and takes a new one only from whoever knows its number."""

    sequence: int = 0
    last: int = 0
    written: float = -10.0

    def write(self, expected: int, now: float) -> int | None:
        current = self.last if now < self.written + LIFETIME else 0
        if expected != current:
            return None
        self.sequence += 1
        self.last, self.written = self.sequence, now
        return self.sequence


@dataclass
class Holder:
    lease: Lease = field(default_factory=Lease)
    on_the_way: list[tuple[float, Attempt, int | None]] = field(default_factory=list)


STEPS = st.lists(
    st.tuples(
        st.floats(0.01, 0.6),  # seconds that pass
        st.sampled_from([0, 1, 2, 3]),  # who is awake: nobody, the first, the second, both
        st.floats(0.0, 0.3),  # how long a question is under way
        st.floats(0.0, 0.8),  # how long its answer is
    ),
    max_size=60,
)


@given(STEPS)
def test_two_gateways_never_lead_at_once(steps: list[tuple[float, int, float, float]]) -> None:
    server, holders, now = LeaseServer(), [Holder(), Holder()], 100.0
    asked: list[tuple[float, float, Holder, Attempt]] = []
    for passed, awake, way, back in steps:
        now += passed
        for number, holder in enumerate(holders):
            if not awake & (1 << number):
                continue
            attempt = holder.lease.due(now)
            if attempt is not None:
                asked.append((now + way, back, holder, attempt))
        for reached, late, holder, attempt in sorted(asked, key=lambda one: one[0]):
            if reached <= now:
                answer = server.write(attempt.expected, reached)
                holder.on_the_way.append((reached + late, attempt, answer))
        asked = [one for one in asked if one[0] > now]
        for number, holder in enumerate(holders):
            if awake & (1 << number):
                _read(holder, now)
        assert sum(holder.lease.leads(now) for holder in holders) <= 1


def _read(holder: Holder, now: float) -> None:
    for at, attempt, answer in holder.on_the_way:
        if at > now:
            continue
        if answer is None:
            holder.lease.refused(attempt)
        else:
            holder.lease.granted(attempt, answer, now)
    holder.on_the_way = [one for one in holder.on_the_way if one[0] > now]


def test_a_lead_ends_when_its_renewal_is_late_and_begins_anew_with_it() -> None:
    lease = Lease()
    first = lease.due(0.0)
    assert first is not None and lease.granted(first, 1, 0.1)
    assert lease.leads(0.89) and not lease.leads(0.9)
    again = lease.due(0.95)
    assert again is not None and again.expected == 1
    assert lease.granted(again, 2, 0.96), "what was heard in between is due"
    assert lease.epoch == 2


def test_a_renewal_in_time_begins_nothing() -> None:
    lease = Lease()
    first = lease.due(0.0)
    assert first is not None and lease.granted(first, 1, 0.0)
    second = lease.due(0.25)
    assert second is not None and not lease.granted(second, 2, 0.3)
    assert lease.epoch == 1


def test_after_a_refusal_the_next_attempt_expects_nothing() -> None:
    lease = Lease()
    first = lease.due(0.0)
    assert first is not None and lease.granted(first, 5, 0.0)
    second = lease.due(0.3)
    assert second is not None and second.expected == 5
    lease.refused(second)
    assert not lease.leads(0.31)
    third = lease.due(0.6)
    assert third is not None and third.expected == 0


def test_an_attempt_that_is_never_answered_is_given_up() -> None:
    lease = Lease()
    assert lease.due(0.0) is not None
    assert lease.due(0.3) is None
    assert lease.due(0.5) is not None


def test_a_gateway_that_gives_up_leads_no_longer() -> None:
    lease = Lease()
    first = lease.due(0.0)
    assert first is not None and lease.granted(first, 1, 0.0)
    lease.give_up()
    assert not lease.leads(0.1)
