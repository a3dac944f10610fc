"""One method, two ways of waiting: `@flow` is everything that knows about blocking and asyncio at once.

A flow is a generator whose `yield` stands where asyncio code says `await`. On a blocking class the yielded
thing is already the value, on an asyncio class it is awaited. Errors are thrown back in at the `yield`, so
`try`, `except` and `finally` mean what they say.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Generator
from contextvars import ContextVar
from functools import update_wrapper
from types import FunctionType, MethodType
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Generic,
    ParamSpec,
    TypeVar,
    get_args,
    get_origin,
    overload,
)

from bpx_connector.given import Given, params_of

if TYPE_CHECKING:
    from ccxt.async_support.base.exchange import BaseExchange as AsyncioExchange

__all__ = ["Flow", "flow", "is_in_a_flow", "is_ours", "ours", "settle_flows"]

P = ParamSpec("P")
R = TypeVar("R")

PARTS = __name__.partition(".")[0] + "."
"""How the names of our modules begin."""

Flow = Generator[Any, Any, R]
"""What a flow method returns when written: a generator that ends with an R."""


def _given(steps: Callable[..., Flow[R]]) -> Callable[..., Flow[R]]:
    """The steps as callers may begin them: `params=None` is no params; what no method takes is refused."""
    names = list(inspect.signature(steps).parameters)[1:]
    if "params" not in names:
        return steps
    if "Params" not in str(steps.__annotations__.get("params")):
        return _checked(steps, names)
    place, method = names.index("params"), steps.__name__
    taken = Given(method, names).taken

    def begun(self: Any, *args: Any, **kwargs: Any) -> Flow[R]:
        if len(args) > place and type(args[place]) is not dict:
            args = (*args[:place], params_of(self.id, method, args[place]), *args[place + 1 :])
        elif type(kwargs.get("params", NO_PARAMS)) is not dict:
            kwargs["params"] = params_of(self.id, method, kwargs["params"])
        args, kwargs = taken(self.id, args, kwargs)
        return steps(self, *args, **kwargs)

    return begun


def _checked(steps: Callable[..., Flow[R]], names: list[str]) -> Callable[..., Flow[R]]:
    """The same, where the method itself says what its params may be."""
    taken = Given(steps.__name__, names).taken

    def begun(self: Any, *args: Any, **kwargs: Any) -> Flow[R]:
        args, kwargs = taken(self.id, args, kwargs)
        return steps(self, *args, **kwargs)

    return begun


NO_PARAMS: dict[str, Any] = {}


_is_inside: ContextVar[bool] = ContextVar("is_inside", default=False)


def is_in_a_flow() -> bool:
    """Whether a unified method runs, in this thread or task: else it is the user who calls."""
    return _is_inside.get()


_OURS: set[Any] = set()

Function = TypeVar("Function")


def ours(function: Function) -> Function:
    """Mark a method of ours that may be gone around where nobody has put another in its place. Flows are."""
    _OURS.add(function)
    return function


def is_ours(exchange: Any, *names: str) -> bool:
    """Whether these methods are still our own: not replaced by a subclass, on the class or on the object."""
    return _OURS.issuperset([getattr(getattr(exchange, name), "__func__", None) for name in names])


def _blocking_twin(steps: Callable[..., Flow[R]]) -> Callable[..., R]:
    begin, is_inside = _given(steps), _is_inside

    def blocking(self: Any, *args: Any, **kwargs: Any) -> R:
        running = begin(self, *args, **kwargs)
        value: Any = None
        before = is_inside.get()
        is_inside.set(True)
        try:
            while True:
                value = running.send(value)
        except StopIteration as stop:
            result: R = stop.value
            return result
        finally:
            is_inside.set(before)

    return blocking


def _asyncio_twin(steps: Callable[..., Flow[R]]) -> Callable[..., Coroutine[Any, Any, R]]:
    begin, is_inside = _given(steps), _is_inside

    async def awaited(self: Any, *args: Any, **kwargs: Any) -> R:
        running = begin(self, *args, **kwargs)
        before = is_inside.get()
        is_inside.set(True)
        try:
            pending = next(running)
            while True:
                try:
                    value = await pending
                except BaseException as error:
                    pending = running.throw(error)
                else:
                    pending = running.send(value)
        except StopIteration as stop:
            result: R = stop.value
            return result
        finally:
            is_inside.set(before)
            running.close()

    return awaited


def _returned(annotation: Any) -> Any:
    """Of `Flow[R]`, as a text or as the type itself, the R: what a caller gets."""
    if isinstance(annotation, str):
        return (
            annotation.removeprefix("Flow[").removesuffix("]")
            if annotation.startswith("Flow[")
            else annotation
        )
    return get_args(annotation)[2] if get_origin(annotation) is Generator else annotation


def _dressed(twin: Any, steps: FunctionType) -> Callable[..., Any]:
    """The twin with the name, documentation and signature of what was written, but for the word `Flow`.

    It is put among the globals of the module that the steps were written in, where the names in its
    annotations mean something (`typing.get_type_hints`).
    """
    dressed = FunctionType(twin.__code__, steps.__globals__, steps.__name__, None, twin.__closure__)
    update_wrapper(dressed, steps)
    del dressed.__wrapped__  # type: ignore[attr-defined]  # the generator function is not what callers get
    signature = inspect.signature(steps)
    returned = _returned(signature.return_annotation)
    dressed.__annotations__ = {**steps.__annotations__, "return": returned}
    dressed.__signature__ = signature.replace(return_annotation=returned)  # type: ignore[attr-defined]
    return dressed


class flow(Generic[P, R]):  # noqa: N801  used as a decorator, named like one
    """A method written once, handed out as a plain or as a coroutine function.

    Which of the two is decided by the class it is read from: ccxt's blocking base has `synchronous = True`.
    """

    def __init__(self, steps: Callable[Concatenate[Any, P], Flow[R]]) -> None:
        if not isinstance(steps, FunctionType) or not inspect.isgeneratorfunction(steps):
            raise TypeError(f"{steps.__qualname__} has no `yield`: a method without I/O is not a flow")
        self.steps = steps
        self._blocking = ours(_dressed(_blocking_twin(steps), steps))
        self._awaited = ours(_dressed(_asyncio_twin(steps), steps))
        self.__doc__ = steps.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> Callable[..., Any]: ...
    @overload
    def __get__(self, instance: AsyncioExchange, owner: type) -> Callable[P, Coroutine[Any, Any, R]]: ...
    @overload
    # Where ccxt is not read its classes are anything, and a type checker sees no use for this one.
    def __get__(  # type: ignore[overload-cannot-match, unused-ignore]
        self, instance: object, owner: type
    ) -> Callable[P, R]: ...
    def __get__(self, instance: object | None, owner: type) -> Callable[..., Any]:
        blocks: bool = owner.synchronous  # type: ignore[attr-defined]  # every owner is a ccxt class
        twin = self.twin(blocks)
        return twin if instance is None else MethodType(twin, instance)

    def twin(self, blocks: bool) -> Callable[..., Any]:
        """The plain function, or the coroutine function."""
        return self._blocking if blocks else self._awaited


def _is_part(base: type) -> bool:
    """Whether a class is a part of our exchanges, and no exchange itself."""
    return base.__module__.startswith(PARTS) and not hasattr(base, "synchronous")


def settle_flows(owner: Any) -> None:
    """Put the functions themselves on a class that knows how it waits, where calls find them at once.

    So on a class of ours with all that its parts define: an exchange has seventy classes, and whatever
    Python's small cache of names has lost is looked for in one after the other: 4 % of creating an order.
    What is inherited of another exchange stays there: somebody's own may come to stand in between.
    """
    is_ours = owner.__module__.startswith(PARTS)
    found: dict[str, tuple[type, Any]] = {}
    for base in reversed(owner.__mro__):  # what stands nearer takes the place of what stands further
        found |= {name: (base, value) for name, value in vars(base).items()}
    for name, (base, value) in found.items():
        if isinstance(value, flow):
            setattr(owner, name, value.twin(owner.synchronous))
        elif is_ours and _is_part(base) and name[:2] != "__":
            setattr(owner, name, value)
