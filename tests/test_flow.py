"""One source, two ways of waiting: what `@flow` promises to both."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from bpx_connector import async_support, bpx, pro
from bpx_connector.flow import Flow, flow, settle_flows


class Shared:
    """Flows as the exchange classes have them; `step` is what each base class makes of a call."""

    synchronous: bool
    steps: list[str]

    def step(self, value: Any) -> Any:
        raise NotImplementedError

    @flow
    def doubled(self, number: int, more: int = 0) -> Flow[int]:
        """Twice the number."""
        first = yield self.step(number)
        second = yield self.step(number + more)
        return int(first + second)

    @flow
    def rescued(self, error: Exception) -> Flow[str]:
        """What became of an error."""
        try:
            yield self.step(error)
        except ValueError as caught:
            return f"caught {caught}"
        finally:
            self.steps.append("finally")
        return "nothing happened"

    @flow
    def nested(self, number: int) -> Flow[int]:
        """A flow that waits for a flow."""
        inner = yield self.doubled(number)
        return int(inner + 1)


class Blocking(Shared):
    """The way of ccxt's blocking base."""

    synchronous = True

    def __init__(self) -> None:
        self.steps = []

    def step(self, value: Any) -> Any:
        """The value, at once."""
        self.steps.append(str(value))
        if isinstance(value, Exception):
            raise value
        return value


class Awaiting(Shared):
    """The way of ccxt's asyncio base."""

    synchronous = False

    def __init__(self) -> None:
        self.steps = []

    async def step(self, value: Any) -> Any:
        """The value, awaited."""
        self.steps.append(str(value))
        if isinstance(value, Exception):
            raise value
        return value


async def both(name: str, *arguments: Any) -> list[Any]:
    """What the method gives on either class."""
    return [getattr(Blocking(), name)(*arguments), await getattr(Awaiting(), name)(*arguments)]


async def test_both_classes_give_the_same_value() -> None:
    assert await both("doubled", 3, 1) == [7, 7]


async def test_a_flow_may_wait_for_a_flow() -> None:
    assert await both("nested", 3) == [7, 7]


async def test_an_error_is_raised_at_the_yield() -> None:
    assert await both("rescued", ValueError("x")) == ["caught x", "caught x"]


async def test_an_error_that_is_not_caught_runs_finally_and_arrives_once() -> None:
    blocking: Any = Blocking()
    awaiting: Any = Awaiting()
    with pytest.raises(KeyError, match="lost"):
        blocking.rescued(KeyError("lost"))
    with pytest.raises(KeyError, match="lost"):
        await awaiting.rescued(KeyError("lost"))
    assert blocking.steps == awaiting.steps == ["'lost'", "finally"]


def test_the_blocking_class_gets_a_plain_function_and_the_other_a_coroutine_function() -> None:
    assert not inspect.iscoroutinefunction(Blocking.doubled)
    assert inspect.iscoroutinefunction(Awaiting.doubled)
    assert inspect.iscoroutinefunction(Awaiting().doubled)
    assert not inspect.isgeneratorfunction(Blocking.doubled)


async def test_a_class_that_has_settled_finds_the_functions_themselves() -> None:
    class Own(Awaiting):
        async def nested(self, number: int) -> int:  # type: ignore[override]  # as callers may override it
            return number

    settle_flows(Own)
    assert inspect.isfunction(vars(Own)["doubled"])
    assert inspect.isfunction(vars(Own)["rescued"])
    own: Any = Own()
    assert [await own.doubled(3), await own.nested(3)] == [6, 3]
    assert inspect.iscoroutinefunction(Own.doubled)


@pytest.mark.parametrize("kind", [Blocking, Awaiting])
def test_name_signature_and_docstring_are_those_that_were_written(kind: Any) -> None:
    assert str(inspect.signature(kind().doubled)) == "(number: 'int', more: 'int' = 0) -> 'int'"
    assert get_type_hints(kind.doubled) == {"number": int, "more": int, "return": int}
    assert kind.doubled.__name__ == "doubled"
    assert kind.doubled.__doc__ == "Twice the number."


def test_a_flow_written_without_postponed_annotations_shows_what_callers_get() -> None:
    def steps(self: Any, number: int) -> Any:
        yield

    steps.__annotations__["return"] = Flow[list[int]]
    for twin in (flow(steps).twin(True), flow(steps).twin(False)):
        assert inspect.signature(twin).return_annotation == list[int]
        assert get_type_hints(twin)["return"] == list[int]


def test_a_method_that_never_waits_is_refused() -> None:
    with pytest.raises(TypeError, match="no `yield`"):

        @flow
        def nothing(self: Any) -> Any:
            return 1


async def test_a_cancelled_flow_runs_its_finally() -> None:
    import asyncio

    class Waiting(Awaiting):
        async def step(self, value: Any) -> Any:
            self.steps.append("waiting")
            await asyncio.Event().wait()

    exchange: Any = Waiting()
    task = asyncio.ensure_future(exchange.rescued(ValueError("never raised")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert exchange.steps == ["waiting", "finally"]


# --- a forgotten bracket -------------------------------------------------------------------------------

PACKAGE = Path(__file__).parent.parent / "bpx_connector"


def flows(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    """Every method that is written as a flow."""
    for node in ast.walk(tree):
        returns = getattr(node, "returns", None)
        if isinstance(node, ast.FunctionDef) and returns is not None and "Flow[" in ast.unparse(returns):
            yield node


def is_one_call(waited_for: ast.expr | None) -> bool:
    """Whether a `yield` waits for a call or a name, and not for what an operator makes of it.

    `yield` binds weaker than any operator: in `yield self.page() + 1` the 1 is added to a coroutine.
    """
    if isinstance(waited_for, ast.Call):
        called: ast.expr = waited_for.func
        while isinstance(called, ast.Attribute):
            called = called.value
        return not isinstance(called, ast.Call) or ast.unparse(called) == "super()"
    return isinstance(waited_for, ast.Name)


def yields_of(tree: ast.AST) -> Iterator[ast.Yield]:
    for method in flows(tree):
        yield from (node for node in ast.walk(method) if isinstance(node, ast.Yield))


@pytest.mark.parametrize(
    "line", ["self.a() + 1", "self.a() or []", "self.a()['b']", "self.a().b()", "-self.a()", "", "self.a().b"]
)
def test_a_yield_without_its_brackets_is_seen(line: str) -> None:
    (found,) = yields_of(ast.parse(f"def steps(self) -> Flow[int]:\n    x = yield {line}"))
    assert not is_one_call(found.value)


@pytest.mark.parametrize(
    "line", ["x = yield self.a()", "x = (yield self.a()) + 1", "x = (yield super().a(1))['b']"]
)
def test_a_yield_with_its_brackets_passes(line: str) -> None:
    (found,) = yields_of(ast.parse(f"def steps(self) -> Flow[int]:\n    {line}"))
    assert is_one_call(found.value)


def test_every_flow_waits_for_calls_and_for_nothing_made_of_them() -> None:
    sources = {path: ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")}
    wrong = [
        f"{path.name}:{found.lineno}: {ast.unparse(found)}"
        for path, tree in sources.items()
        for found in yields_of(tree)
        if not is_one_call(found.value)
    ]
    assert sum(1 for tree in sources.values() for _ in flows(tree)) > 80
    assert wrong == []


def test_what_a_subclass_has_replaced_is_found_wherever_it_stands() -> None:
    class Guarded(async_support.bpx):
        def sign(self, *args: Any, **kwargs: Any) -> Any:
            raise RuntimeError("no orders today")

    class Mine(pro.bpx, Guarded):
        pass

    class Mixed:
        def nonce(self) -> int:
            return 77

    class Before(Mixed, bpx):
        pass

    assert Mine.sign is Guarded.sign
    assert Before({}).nonce() == 77


@pytest.mark.parametrize("name", ["sign", "fetch", "nonce", "handle_errors", "parse_order", "create_order"])
def test_what_is_put_in_the_asyncio_classs_place_the_class_with_streams_has_too(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def instead(self: Any) -> None:
        """Somebody's own."""

    monkeypatch.setattr(async_support.bpx, name, instead)
    assert getattr(pro.bpx, name) is instead
