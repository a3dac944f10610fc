"""Who waits for what."""

from __future__ import annotations

import asyncio

import pytest

from bpx_connector.stream.topics import News, Topic, Topics


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
    topic = Topic("trades", ("A",), ["trade.A"])
    topics = topics_with(topic)
    task = await waiting(topic)
    topics.publish("trades", "A", 2)
    topics.publish("trades", "A", 3)
    assert not task.done()
    topics.wake()
    assert await task == [News("A", 5)]


async def test_what_came_between_two_calls_is_handed_out_at_once() -> None:
    topic = Topic("trades", ("A",), ["trade.A"])
    topics = topics_with(topic)
    topics.publish("trades", "A", 1)
    topics.wake()
    assert await topic.wait() == [News("A", 1)]
    assert not (await waiting(topic)).done()


async def test_every_waiter_of_a_topic_gets_the_same_news() -> None:
    topic = Topic("ticker", ("A", "B"), ["ticker.A", "ticker.B"])
    topics = topics_with(topic)
    first, second = await waiting(topic), await waiting(topic)
    topics.publish("ticker", "B")
    topics.wake()
    assert await first == await second == [News("B", 1)]


async def test_one_at_a_time_the_other_parts_wait_for_the_next_call() -> None:
    topic = Topic("orderbook", ("A", "B"), ["depth.A", "depth.B"], one_at_a_time=True)
    topics = topics_with(topic)
    topics.publish("orderbook", "A")
    topics.publish("orderbook", "B")
    topics.wake()
    assert [await topic.wait(), await topic.wait()] == [[News("A", 1)], [News("B", 1)]]


async def test_an_entry_that_changes_twice_is_one_new_entry() -> None:
    topic = Topic("orders", None, ["account.orderUpdate"])
    topics = topics_with(topic)
    topics.publish("orders", "A", {"1", "2"})
    topics.publish("orders", "A", {"2"})
    assert await topic.wait() == [News("A", 2)]


async def test_a_topic_of_all_parts_hears_of_every_part_and_others_of_their_own() -> None:
    everything, one = Topic("orders", None, ["s"]), Topic("orders", ("A",), ["s"])
    topics = topics_with(everything, one)
    topics.publish("orders", "B")
    topics.wake()
    assert await everything.wait() == [News("B", 1)]
    assert not (await waiting(one)).done()


async def test_a_waiter_cancelled_in_the_turn_in_which_it_is_woken_loses_nothing() -> None:
    topic = Topic("myTrades", None, ["s"])
    topics = topics_with(topic)
    task = await waiting(topic)
    topics.publish("myTrades", "A", 1)
    topics.wake()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await topic.wait() == [News("A", 1)]


async def test_a_cancelled_waiter_is_not_waited_for() -> None:
    topic = Topic("ticker", ("A",), ["s"])
    task = await waiting(topic)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not topic.is_awaited


async def test_an_invalidated_topic_wakes_nobody_with_stale_data() -> None:
    topic = Topic("ticker", ("A",), ["s"])
    topics = topics_with(topic)
    topics.publish("ticker", "A")
    topic.invalidate()
    task = await waiting(topic)
    topics.wake()
    assert not task.done()


async def test_a_failure_is_raised_in_everybody_who_waits() -> None:
    topic = Topic("ticker", ("A",), ["s"])
    tasks = [await waiting(topic), await waiting(topic)]
    topic.fail(ValueError("gone"))
    for task in tasks:
        with pytest.raises(ValueError, match="gone"):
            await task


def test_a_stream_is_let_go_with_its_last_topic() -> None:
    orders, fills = Topic("orders", None, ["s"]), Topic("myTrades", None, ["s"])
    topics = topics_with(orders, fills)
    assert topics.fed_by("s") == [orders, fills]
    assert topics.remove(orders) == []
    assert topics.remove(fills) == ["s"]
    assert topics.remove(fills) == []


async def test_leaving_a_part_ends_the_topics_that_nobody_else_needs() -> None:
    alone, several = Topic("trades", ("A",), ["a"]), Topic("trades", ("A", "B"), ["a", "b"])
    topics = topics_with(alone, several)
    assert topics.covered_by("trades", ["A"]) == [alone, several]
    task = await waiting(several)
    assert topics.covered_by("trades", ["A"]) == [alone]
    assert topics.covered_by("trades", None) == [alone, several]
    assert topics.covered_by("ticker", None) == []
    task.cancel()


# --- between being woken and having one's turn -----------------------------------------------------------


async def turn() -> None:
    await asyncio.sleep(0)


async def test_what_comes_before_the_woken_has_its_turn_is_counted_with_the_rest() -> None:
    topic = Topic("myTrades", None, ["s"])
    waiting = asyncio.ensure_future(topic.wait())
    await turn()
    topic.publish("SOL/USDC", 1)
    topic.wake()
    topic.publish("SOL/USDC", 2)
    topic.publish("BTC/USDC", 1)
    assert await waiting == [News("SOL/USDC", 3), News("BTC/USDC", 1)]
    topic.publish("SOL/USDC", 4)
    assert await topic.wait() == [News("SOL/USDC", 4)]


async def test_one_part_at_a_time_grows_only_by_what_it_is_about() -> None:
    topic = Topic("trades", ["SOL/USDC", "BTC/USDC"], ["s"], one_at_a_time=True)
    waiting = asyncio.ensure_future(topic.wait())
    await turn()
    topic.publish("SOL/USDC", 1)
    topic.wake()
    topic.publish("BTC/USDC", 5)
    topic.publish("SOL/USDC", 1)
    assert await waiting == [News("SOL/USDC", 2)]
    assert await topic.wait() == [News("BTC/USDC", 5)]


async def test_everybody_who_was_woken_together_is_told_the_same() -> None:
    topic = Topic("orders", None, ["s"])
    waiting = [asyncio.ensure_future(topic.wait()) for _ in range(2)]
    await turn()
    topic.publish("SOL/USDC", {"1"})
    topic.wake()
    topic.publish("SOL/USDC", {"1", "2"})
    assert await asyncio.gather(*waiting) == [[News("SOL/USDC", 2)]] * 2


async def test_news_is_kept_for_the_next_caller_when_all_who_waited_were_just_cancelled() -> None:
    topic = Topic("myTrades", None, ["s"])
    waiting = asyncio.ensure_future(topic.wait())
    await turn()
    waiting.cancel()
    topic.publish("SOL/USDC", 1)
    topic.wake()
    await asyncio.gather(waiting, return_exceptions=True)
    assert await asyncio.wait_for(topic.wait(), 1) == [News("SOL/USDC", 1)]


@pytest.mark.parametrize("cancelled", [0, 1])
async def test_news_that_one_has_got_is_not_told_again_because_another_was_cancelled(cancelled: int) -> None:
    topic = Topic("myTrades", None, ["s"])
    waiting = [asyncio.ensure_future(topic.wait()) for _ in range(2)]
    await turn()
    topic.publish("SOL/USDC", 1)
    topic.wake()
    waiting[cancelled].cancel()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert outcomes[1 - cancelled] == [News("SOL/USDC", 1)]
    topic.publish("BTC/USDC", 1)
    assert await topic.wait() == [News("BTC/USDC", 1)]


async def test_news_is_kept_when_all_who_were_woken_are_cancelled_before_their_turn() -> None:
    topic = Topic("myTrades", None, ["s"])
    waiting = [asyncio.ensure_future(topic.wait()) for _ in range(2)]
    await turn()
    topic.publish("SOL/USDC", 1)
    topic.wake()
    for waiter in waiting:
        waiter.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert await asyncio.wait_for(topic.wait(), 1) == [News("SOL/USDC", 1)]
