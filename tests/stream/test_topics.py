"""Who waits for what."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.stream.topics import News, Topic, Topics
from tests.support.kinds import BOOK, EVENTS, ONE_BY_ONE, ORDERS, TICKER, TOGETHER, both_ways


def topics_with(*made: Topic) -> Topics:
    topics = Topics()
    for topic in made:
        topics.add(topic)
    return topics


async def waiting(topic: Topic) -> asyncio.Task[list[News]]:
    task = asyncio.ensure_future(topic.wait())
    await asyncio.sleep(0)
    return task


async def test_a_waiter_gets_what_is_published_after_it_began_to_wait() -> None:
    topic = Topic(EVENTS, ("A",), ["trade.A"])
    topics = topics_with(topic)
    task = await waiting(topic)
    topics.publish(EVENTS, "A", 2)
    topics.publish(EVENTS, "A", 3)
    assert not task.done()
    topics.wake()
    assert await task == [("A", 5)]


async def test_what_came_between_two_calls_is_handed_out_at_once() -> None:
    topic = Topic(EVENTS, ("A",), ["trade.A"])
    topics = topics_with(topic)
    topics.publish(EVENTS, "A", 1)
    topics.wake()
    assert await topic.wait() == [("A", 1)]
    assert not (await waiting(topic)).done()


async def test_every_waiter_of_a_topic_gets_the_same_news() -> None:
    topic = Topic(TICKER, ("A", "B"), ["ticker.A", "ticker.B"])
    topics = topics_with(topic)
    first, second = await waiting(topic), await waiting(topic)
    topics.publish(TICKER, "B")
    topics.wake()
    assert await first == await second == [("B", 1)]


async def test_one_at_a_time_the_other_parts_wait_for_the_next_call() -> None:
    topic = Topic(BOOK, ("A", "B"), ["depth.A", "depth.B"])
    topics = topics_with(topic)
    topics.publish(BOOK, "A")
    topics.publish(BOOK, "B")
    topics.wake()
    assert [await topic.wait(), await topic.wait()] == [[("A", 1)], [("B", 1)]]


async def test_an_entry_that_changes_twice_is_one_new_entry() -> None:
    topic = Topic(ORDERS, None, ["account.orderUpdate"])
    topics = topics_with(topic)
    topics.publish(ORDERS, "A", {"1", "2"})
    topics.publish(ORDERS, "A", {"2"})
    assert await topic.wait() == [("A", 2)]


async def test_a_topic_of_all_parts_hears_of_every_part_and_others_of_their_own() -> None:
    everything, one = Topic(ORDERS, None, ["s"]), Topic(ORDERS, ("A",), ["s"])
    topics = topics_with(everything, one)
    topics.publish(ORDERS, "B")
    topics.wake()
    assert await everything.wait() == [("B", 1)]
    assert not (await waiting(one)).done()


async def test_a_waiter_cancelled_in_the_turn_in_which_it_is_woken_loses_nothing() -> None:
    topic = Topic(TOGETHER, None, ["s"])
    topics = topics_with(topic)
    task = await waiting(topic)
    topics.publish(TOGETHER, "A", 1)
    topics.wake()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await topic.wait() == [("A", 1)]


async def test_a_cancelled_waiter_is_not_waited_for() -> None:
    topic = Topic(TICKER, ("A",), ["s"])
    task = await waiting(topic)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    topic.publish("A", 1)
    topic.wake()
    assert await asyncio.wait_for(topic.wait(), 1) == [("A", 1)]


async def test_an_invalidated_topic_wakes_nobody_with_stale_data() -> None:
    topic = Topic(TICKER, ("A",), ["s"])
    topics = topics_with(topic)
    topics.publish(TICKER, "A")
    topic.invalidate()
    task = await waiting(topic)
    topics.wake()
    assert not task.done()


async def test_a_failure_is_raised_in_everybody_who_waits() -> None:
    topic = Topic(TICKER, ("A",), ["s"])
    tasks = [await waiting(topic), await waiting(topic)]
    topic.fail(ValueError("gone"))
    for task in tasks:
        with pytest.raises(ValueError, match="gone"):
            await task


def test_a_stream_is_let_go_with_its_last_topic() -> None:
    orders, fills = Topic(ORDERS, None, ["s"]), Topic(TOGETHER, None, ["s"])
    topics = topics_with(orders, fills)
    assert topics.fed_by("s") == [orders, fills]
    assert topics.remove(orders) == []
    assert topics.remove(fills) == ["s"]
    assert topics.remove(fills) == []


def test_leaving_a_part_ends_only_topics_that_are_about_nothing_else() -> None:
    alone, several = Topic(EVENTS, ("A",), ["a"]), Topic(EVENTS, ("A", "B"), ["a", "b"])
    topics = topics_with(alone, several)
    assert topics.covered_by(EVENTS, ["A"]) == [alone]
    assert topics.covered_by(EVENTS, ["B", "A"]) == [alone, several]
    assert topics.covered_by(EVENTS, None) == [alone, several]
    assert topics.covered_by(TICKER, None) == []


async def test_a_complaint_is_raised_once_and_the_topic_goes_on() -> None:
    topic = Topic(TICKER, ("A", "B"), ["a", "b"])
    tasks = [await waiting(topic), await waiting(topic)]
    topic.complain(ValueError("B is closed"))
    for task in tasks:
        with pytest.raises(ValueError, match="closed"):
            await task
    topic.publish("A", 1)
    assert await topic.wait() == [("A", 1)]


async def test_a_complaint_that_nobody_waited_for_is_raised_in_the_next_caller() -> None:
    topic = Topic(TICKER, ("A", "B"), ["a", "b"])
    topic.publish("A", 1)
    topic.complain(ValueError("B is closed"))
    with pytest.raises(ValueError, match="closed"):
        await topic.wait()
    assert await topic.wait() == [("A", 1)]


# --- between being woken and having one's turn -----------------------------------------------------------


async def turn() -> None:
    await asyncio.sleep(0)


async def test_what_comes_before_the_woken_has_its_turn_is_counted_with_the_rest() -> None:
    topic = Topic(TOGETHER, None, ["s"])
    waiting = asyncio.ensure_future(topic.wait())
    await turn()
    topic.publish("SOL/USDC", 1)
    topic.wake()
    topic.publish("SOL/USDC", 2)
    topic.publish("BTC/USDC", 1)
    assert await waiting == [("SOL/USDC", 3), ("BTC/USDC", 1)]
    topic.publish("SOL/USDC", 4)
    assert await topic.wait() == [("SOL/USDC", 4)]


async def test_one_part_at_a_time_grows_only_by_what_it_is_about() -> None:
    topic = Topic(ONE_BY_ONE, ["SOL/USDC", "BTC/USDC"], ["s"])
    waiting = asyncio.ensure_future(topic.wait())
    await turn()
    topic.publish("SOL/USDC", 1)
    topic.wake()
    topic.publish("BTC/USDC", 5)
    topic.publish("SOL/USDC", 1)
    assert await waiting == [("SOL/USDC", 2)]
    assert await topic.wait() == [("BTC/USDC", 5)]


async def test_everybody_who_was_woken_together_is_told_the_same() -> None:
    topic = Topic(ORDERS, None, ["s"])
    waiting = [asyncio.ensure_future(topic.wait()) for _ in range(2)]
    await turn()
    topic.publish("SOL/USDC", {"1"})
    topic.wake()
    topic.publish("SOL/USDC", {"1", "2"})
    assert await asyncio.gather(*waiting) == [[("SOL/USDC", 2)]] * 2


async def test_news_is_kept_for_the_next_caller_when_all_who_waited_were_just_cancelled() -> None:
    topic = Topic(TOGETHER, None, ["s"])
    waiting = asyncio.ensure_future(topic.wait())
    await turn()
    waiting.cancel()
    topic.publish("SOL/USDC", 1)
    topic.wake()
    await asyncio.gather(waiting, return_exceptions=True)
    assert await asyncio.wait_for(topic.wait(), 1) == [("SOL/USDC", 1)]


@pytest.mark.parametrize("cancelled", [0, 1])
async def test_news_that_one_has_got_is_not_told_again_because_another_was_cancelled(cancelled: int) -> None:
    topic = Topic(TOGETHER, None, ["s"])
    waiting = [asyncio.ensure_future(topic.wait()) for _ in range(2)]
    await turn()
    topic.publish("SOL/USDC", 1)
    topic.wake()
    waiting[cancelled].cancel()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert outcomes[1 - cancelled] == [("SOL/USDC", 1)]
    topic.publish("BTC/USDC", 1)
    assert await topic.wait() == [("BTC/USDC", 1)]


async def test_news_is_kept_when_all_who_were_woken_are_cancelled_before_their_turn() -> None:
    topic = Topic(TOGETHER, None, ["s"])
    waiting = [asyncio.ensure_future(topic.wait()) for _ in range(2)]
    await turn()
    topic.publish("SOL/USDC", 1)
    topic.wake()
    for waiter in waiting:
        waiter.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert await asyncio.wait_for(topic.wait(), 1) == [("SOL/USDC", 1)]


async def test_a_newcomer_does_not_take_what_another_has_been_woken_for() -> None:
    topic = Topic(TOGETHER, None, ["s"])
    woken = await waiting(topic)
    topic.publish("SOL/USDC", 1)
    topic.wake()
    newcomer = asyncio.ensure_future(topic.wait())
    assert await woken == [("SOL/USDC", 1)]
    await turn()
    assert not newcomer.done()
    topic.publish("BTC/USDC", 2)
    topic.wake()
    assert await newcomer == [("BTC/USDC", 2)]


async def test_one_part_at_a_time_a_newcomer_takes_what_nobody_has_been_woken_for() -> None:
    topic = Topic(ONE_BY_ONE, ["SOL/USDC", "BTC/USDC"], ["s"])
    woken = await waiting(topic)
    topic.publish("SOL/USDC", 1)
    topic.publish("BTC/USDC", 2)
    topic.wake()
    assert await topic.wait() == [("BTC/USDC", 2)]
    assert await woken == [("SOL/USDC", 1)]


@pytest.mark.parametrize("end", [asyncio.Task.cancel, lambda task: task.get_coro().close()])
async def test_what_a_waiter_was_woken_for_goes_to_the_next_if_it_ends(
    end: Callable[[asyncio.Task[Any]], Any],
) -> None:
    topic = Topic(TOGETHER, None, ["s"])
    woken = await waiting(topic)
    topic.publish("SOL/USDC", 1)
    following = asyncio.ensure_future(topic.wait())  # begins to wait before the other has its turn
    topic.wake()
    end(woken)
    await asyncio.gather(woken, return_exceptions=True)
    assert await asyncio.wait_for(following, 1) == [("SOL/USDC", 1)]


@pytest.mark.parametrize("one_at_a_time", [False, True])
async def test_what_somebody_has_been_woken_for_outlives_a_lost_socket(one_at_a_time: bool) -> None:
    topic = Topic(both_ways(one_at_a_time), ["A", "B"], ["s"])
    woken = await waiting(topic)
    topic.publish("A", 1)
    topic.publish("B", 1)
    topic.wake()
    topic.invalidate()
    assert await woken == ([("A", 1)] if one_at_a_time else [("A", 1), ("B", 1)])
    assert not (await waiting(topic)).done()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.sampled_from("AB")),
        st.tuples(st.just("cancel"), st.integers(0, 5)),
        st.sampled_from([("wait", None), ("wake", None), ("turn", None)]),
    ),
    max_size=40,
)


@given(STEPS, st.booleans())
def test_whatever_happens_each_entry_is_told_once(steps: list[tuple[str, Any]], one_at_a_time: bool) -> None:
    async def told() -> tuple[int, int]:
        topic = Topic(both_ways(one_at_a_time), ("A", "B"), ["s"])
        tasks: list[asyncio.Task[list[News]]] = []
        published = 0
        for step, what in steps:
            if step == "publish":
                topic.publish(what, 1)
                published += 1
            elif step == "wait":
                tasks.append(asyncio.ensure_future(topic.wait()))
            elif step == "cancel" and what < len(tasks):
                tasks[what].cancel()
            elif step == "wake":
                topic.wake()
            else:
                await turn()
        for _ in range(3):
            topic.wake()
            await turn()
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        # Those who were woken together were given one and the same list.
        handed_out = {id(news): news for news in outcomes if isinstance(news, list)}
        rest = []
        while topic._changes.has_unclaimed:
            rest += await asyncio.wait_for(topic.wait(), 1)
        entries = [count for news in (*handed_out.values(), rest) for _, count in news]
        return sum(entries), published

    entries, published = asyncio.run(told())
    assert entries == published
