"""Makes the stubs of the three exchange classes, from the classes themselves.

A type checker that does not follow ccxt (it ships no types, so by default none does) sees nothing of its base
classes: it takes a blocking method for a coroutine, and every structure for Any. The stubs say what a caller
gets on each class, ccxt's own methods and structures included. They stand in stubs/ and beside the modules in
the wheel (hatch_build.py); here the modules themselves are checked, with ccxt followed.

    make types            writes them
    make types-check      fails when they differ from what is made
"""

from __future__ import annotations

import ast
import builtins
import collections.abc
import inspect
import sys
import types
import typing
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args, get_origin

from bpx_connector import async_support, blocking, pro
from bpx_connector.venue.endpoints import Endpoint
from tools.venue_types import Module, documented, formatted, settle_all

ROOT = Path(__file__).resolve().parent.parent
STUBS = ROOT / "stubs" / "bpx_connector"

CCXT_TYPES = sys.modules["ccxt.base.types"]
OWN = "bpx_connector"

ALIASES_OF_NULL = frozenset({"Str", "Int", "Num", "Bool", "Fee", "Market", "Currency", "Strings"})
"""ccxt's names for what may be None. In a result, None is not forced on those who know that it is there."""

NAMES_OF_ANY_FIGURE = {str, float, int}
"""Members of ccxt's `Num`: which of them a figure is depends on `number`, at run time."""

RETURNS: dict[str, str] = {
    "amount_to_precision": "str",
    "cost_to_precision": "str",
    "currency": "CurrencyInterface",
    "decimal_to_precision": "str",
    "fee_to_precision": "str",
    "iso8601": "str | Any",
    "load_markets": "dict[str, MarketInterface]",
    "market": "MarketInterface",
    "microseconds": "int",
    "milliseconds": "int",
    "number_to_string": "str | Any",
    "parse8601": "int | Any",
    "parse_timeframe": "int",
    "price_to_precision": "str",
    "seconds": "int",
    "set_sandbox_mode": "None",
    "uuid": "str",
    "ymd": "str",
    "ymdhms": "str",
}
"""What ccxt's own methods return where ccxt does not say."""

ATTRIBUTES: dict[str, str] = {
    "apiKey": "str | Any",
    "codes": "list[str]",
    "commonCurrencies": "dict[str, str]",
    "currencies": "dict[str, CurrencyInterface]",
    "currencies_by_id": "dict[str, Any]",
    "has": "dict[str, Any]",
    "headers": "dict[str, Any]",
    "id": "str",
    "ids": "list[str]",
    "last_http_response": "str | Any",
    "last_response_headers": "dict[str, Any]",
    "markets": "dict[str, MarketInterface]",
    "markets_by_id": "dict[str, list[MarketInterface]]",
    "name": "str",
    "number": "Any",
    "options": "dict[str, Any]",
    "rateLimit": "float",
    "secret": "str | Any",
    "session": "Any",
    "symbols": "list[str]",
    "timeframes": "dict[str, str]",
    "timeout": "float",
    "urls": "dict[str, Any]",
    "verbose": "bool",
}
"""The attributes that users read and write, once markets are loaded."""

MAY_BE_NONE = {"None", "Any", "object"}
STARS = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}

LENIENT = {"OrderRequest": "Mapping[str, Any]", "CancellationRequest": "Mapping[str, Any]"}
"""Where a caller gives a dict, those keys suffice that the method asks for."""

BALANCES = """
class Balances(CcxtBalances, dict[str, Any]):
    datetime: str | Any
    timestamp: int | Any
    @overload
    def __getitem__(self, key: Literal["free", "used", "total", "debt"], /) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, key: Literal["info"], /) -> Any: ...
    @overload
    def __getitem__(self, key: Literal["timestamp"], /) -> int | Any: ...
    @overload
    def __getitem__(self, key: Literal["datetime"], /) -> str | Any: ...
    @overload
    def __getitem__(self, key: str, /) -> Balance: ...
"""


# --- annotations --------------------------------------------------------------------------------------------


def names_of(module: str) -> dict[str, Any]:
    """What the names in a module mean, those imported for type checkers only included."""
    loaded = sys.modules[module]
    if not module.startswith(OWN):
        return vars(loaded)
    names = dict(vars(loaded))
    for node in ast.walk(ast.parse(inspect.getsource(loaded))):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            imports: list[ast.stmt] = [
                line for line in node.body if isinstance(line, ast.Import | ast.ImportFrom)
            ]
            exec(compile(ast.Module(imports, []), module, "exec"), names)
    return names


class Writer:
    """Annotations as a stub writes them, and the imports they need."""

    def __init__(self) -> None:
        self.structures: set[str] = set()
        self.modules: set[str] = set()

    def evaluated(self, annotation: Any, module: str) -> Any:
        if not isinstance(annotation, str):
            return annotation
        return eval(annotation, names_of(module))

    def given(self, annotation: Any, module: str) -> str:
        """What a caller may pass: a word where ccxt lists words, since a caller's variable is a `str`."""
        if annotation is inspect.Parameter.empty:
            return "Any"
        return self.text(self.evaluated(annotation, module), is_given=True)

    def got(self, annotation: Any, module: str) -> str:
        """What a caller gets."""
        if annotation is inspect.Signature.empty:
            return "Any"
        text = self.text(self.evaluated(annotation, module), is_given=False)
        return relaxed(text) if annotation in ALIASES_OF_NULL else text

    def text(self, kind: Any, *, is_given: bool) -> str:
        """A type in words."""
        origin, inner = get_origin(kind), get_args(kind)
        if kind is None or kind is types.NoneType:
            return "None"
        if kind is Any or kind is inspect.Parameter.empty or isinstance(kind, typing.TypeVar | str):
            return "Any"
        if origin in (typing.Union, types.UnionType):
            words = dict.fromkeys(self.text(member, is_given=is_given) for member in inner)
            return " | ".join(sorted(words, key=lambda word: word == "None"))
        if origin is typing.Literal:
            return "str" if is_given else f"Literal[{', '.join(map(repr, inner))}]"
        if origin is not None:
            return self.generic(origin, inner, is_given=is_given)
        return self.named(kind, is_given=is_given)

    def generic(self, origin: Any, inner: tuple[Any, ...], *, is_given: bool) -> str:
        if origin is collections.abc.Callable:
            return "Callable[..., Any]"
        words = ["..." if part is ... else self.text(part, is_given=is_given) for part in inner]
        outer = self.named(origin, is_given=is_given)
        if outer == "list" and words and words[0] in LENIENT.values():
            outer = "Sequence"
        return f"{outer}[{', '.join(words)}]" if words else outer

    def named(self, kind: Any, *, is_given: bool) -> str:
        name, module = getattr(kind, "__name__", ""), getattr(kind, "__module__", "")
        if not name:
            return "Any"
        if is_given and name in LENIENT:
            return LENIENT[name]
        if module == CCXT_TYPES.__name__:
            self.structures.add(name)
            return str(name)
        if module == "builtins" or hasattr(collections.abc, name) or name in ("Mapping", "Sequence"):
            return str(name)
        if "<locals>" in kind.__qualname__ or module.startswith("_"):
            return "Any"
        self.modules.add(module)
        return f"{module}.{kind.__qualname__}"


def relaxed(text: str) -> str:
    """A type that may be None, without the duty to look: `str | Any`, as typeshed has it."""
    members = [word for word in text.split(" | ") if word != "None"]
    return "Any" if len(members) > 1 else f"{members[0]} | Any"


# --- members ------------------------------------------------------------------------------------------------


def default_of(parameter: inspect.Parameter) -> str:
    value = parameter.default
    if value is inspect.Parameter.empty:
        return ""
    return f" = {value!r}" if value is None or isinstance(value, bool | int | str) else " = ..."


def parameters(signature: inspect.Signature, module: str, writer: Writer, *, has_self: bool) -> str:
    """The parameters as they are written between the brackets."""
    words, star = [], False
    last_positional = None
    for place, parameter in enumerate(signature.parameters.values()):
        if place == 0 and has_self:
            words.append("self")
            continue
        kind = parameter.kind
        if kind is parameter.KEYWORD_ONLY and not star:
            words.append("*")
            star = True
        if last_positional is parameter.POSITIONAL_ONLY and kind is not parameter.POSITIONAL_ONLY:
            words.append("/")
        last_positional = kind
        star = star or kind is parameter.VAR_POSITIONAL
        mark = STARS.get(kind.name, "")
        annotation = writer.given(parameter.annotation, module)
        if parameter.default is None and not MAY_BE_NONE & set(annotation.split(" | ")):
            annotation = f"{annotation} | None"  # ccxt leaves it to be understood
        words.append(f"{mark}{parameter.name}: {annotation}{default_of(parameter)}")
    return ", ".join(words)


def method_text(name: str, method: Callable[..., Any], writer: Writer, *, is_static: bool = False) -> str:
    """One method: decorator, name, parameters, result."""
    signature, module = inspect.signature(method), method.__module__
    snake = method.__name__
    result = RETURNS.get(snake) or writer.got(signature.return_annotation, module)
    if is_context_manager(method):
        writer.modules.add("contextlib")
        result = result.replace("Iterator[", "contextlib.AbstractContextManager[", 1)
    for word in ("MarketInterface", "CurrencyInterface"):
        if word in result:
            writer.structures.add(word)
    given = parameters(signature, module, writer, has_self=not is_static)
    waits = "async " if inspect.iscoroutinefunction(method) else ""
    mark = "@staticmethod\n    " if is_static else ""
    return f"    {mark}{waits}def {name}({given}) -> {result}: ..."


def is_context_manager(method: Callable[..., Any]) -> bool:
    """Whether a method was written as a generator under `@contextmanager`."""
    inner = getattr(method, "__wrapped__", None)
    return (
        inner is not None
        and inspect.isgeneratorfunction(inner)
        and "contextlib" in method.__code__.co_filename
    )


def endpoint_text(name: str, endpoint: Endpoint, answers: dict[str, str], *, blocks: bool) -> str:
    waits = "" if blocks else "async "
    result = answers.get(f"{endpoint.method} /{endpoint.path}", "Any")
    return f"    {waits}def {name}(self, params: dict[str, Any] = ...) -> {result}: ..."


def attribute_text(name: str, value: Any) -> str:
    kind = ATTRIBUTES.get(name)
    if kind is None:
        plain = {
            bool: "bool",
            int: "int",
            float: "float",
            str: "str",
            list: "list[Any]",
            dict: "dict[str, Any]",
        }
        kind = plain.get(type(value), "Any")
    return f"    {name}: {kind}"


def member_text(kind: type, name: str, instance: Any, answers: dict[str, str], writer: Writer) -> str:
    """One public name of a class."""
    found = inspect.getattr_static(instance, name)
    if isinstance(found, staticmethod):
        return method_text(name, found.__func__, writer, is_static=True)
    if isinstance(found, property) and found.fget is not None:
        result = writer.got(inspect.signature(found.fget).return_annotation, found.fget.__module__)
        return f"    @property\n    def {name}(self) -> {result}: ..."
    if isinstance(found, Endpoint):
        return endpoint_text(name, found, answers, blocks=kind is blocking.bpx)
    if inspect.isfunction(found) and name in dir(kind):
        return method_text(name, found, writer)
    if inspect.isfunction(found):  # put on the instance: no `self`
        return method_text(name, found, writer, is_static=True)
    return attribute_text(name, getattr(instance, name, None))


def members(kind: type, answers: dict[str, str], writer: Writer) -> dict[str, str]:
    """Every public name of a class and of its instances, those of ccxt's constructor included."""
    instance = kind()
    public = sorted(name for name in dir(instance) if not name.startswith("_"))
    types_named = {name for name, value in vars(builtins).items() if isinstance(value, type)}
    hidden = {*types_named, "Any", "Literal", "Self", "decimal", "payloads", OWN} & set(public)
    assert not hidden, f"{hidden} would hide types from the annotations of the stub"
    return {name: member_text(kind, name, instance, answers, writer) for name in public}


# --- what the venue answers, and ccxt's structures ----------------------------------------------------------


def answer_types() -> dict[str, str]:
    """Operation -> the type of its answer; Any beside it where the answer may be empty."""
    document = documented("openapi.json")
    module = Module(document["components"]["schemas"])
    found = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            answers = operation["responses"]
            contents = answers.get("200", {}).get("content", {})
            kinds = [module.type_of(content["schema"]) for content in contents.values()]
            if kinds:
                kind = qualified(kinds[0], module)
                may_be_empty = {"202", "204"} & answers.keys()
                found[f"{method.upper()} {path}"] = f"{kind} | Any" if may_be_empty else kind
    return found


def qualified(kind: str, module: Module) -> str:
    """`list[Market]` -> `list[payloads.Market]`."""
    for name in sorted(module.objects.keys() | module.words.keys(), key=len, reverse=True):
        if kind in (name, f"list[{name}]", f"dict[str, {name}]"):
            return kind.replace(name, f"payloads.{name}")
    return kind


def structure_field(annotation: Any, writer: Writer) -> str:
    """A field of one of ccxt's structures."""
    text = writer.text(annotation, is_given=False)
    if get_origin(annotation) is typing.NotRequired:
        return f"NotRequired[{structure_field(get_args(annotation)[0], writer)}]"
    return relaxed(text) if "None" in text.split(" | ") else text


def structure_text(name: str, writer: Writer) -> str:
    structure = getattr(CCXT_TYPES, name)
    if name == "Balances":
        writer.structures.add("Balance")
        return BALANCES.strip("\n")
    if not typing.is_typeddict(structure):
        return f"{name} = Any"
    hints = typing.get_type_hints(structure, include_extras=True)
    lines = [f"class {name}(TypedDict):"]
    lines += [f"    {key}: {structure_field(hint, writer)}" for key, hint in hints.items()]
    return "\n".join(lines)


def structures_text(names: Iterable[str]) -> str:
    """The text of _structures.pyi: ccxt's structures that the classes give, and those within them."""
    writer, written = Writer(), dict[str, str]()
    writer.structures.update(names)
    while missing := writer.structures - written.keys():
        for name in sorted(missing):
            written[name] = structure_text(name, writer)
    imports = "".join(f"import {module}\n" for module in sorted(writer.modules))
    return STRUCTURES_HEAD + imports + "\n" + "\n\n".join(written[name] for name in sorted(written)) + "\n"


# --- the files ----------------------------------------------------------------------------------------------

MADE = f'"""Made by tools/class_stubs.py from the classes, with ccxt {version("ccxt")}; do not edit."""'

STRUCTURES_HEAD = f"""{MADE}

# mypy: disable-error-code="overload-overlap"
# ccxt's structures, for checkers that do not follow ccxt. A figure is Any: `number` decides what it is.
from typing import Any, Literal, NotRequired, TypedDict, overload

from ccxt.base.types import Balances as CcxtBalances

"""


def class_text(head: str, lines: Iterable[str], modules: Iterable[str], structures: Iterable[str]) -> str:
    imports = "".join(f"import {module}\n" for module in sorted(modules))
    names = ", ".join(sorted(structures))
    from_structures = f"from {OWN}._structures import {names}\n" if names else ""
    return (
        f"{MADE}\n\nfrom collections.abc import *\nfrom typing import Any, Literal, Self\n\n{imports}\n"
        f"from {OWN}.venue import payloads\n{from_structures}\n{head}\n" + "\n".join(lines) + "\n"
    )


UNKNOWN = "    def __getattr__(self, name: str) -> object: ...  # a name that is not here is no method"
OPENED = [
    "    def __init__(self, config: Mapping[str, Any] = ...) -> None: ...",
    "    async def __aenter__(self) -> Self: ...",
    "    async def __aexit__(self, *error: object) -> None: ...",
]


def made() -> dict[Path, str]:
    """Each stub and its text."""
    answers = answer_types()
    writers = {kind: Writer() for kind in (blocking.bpx, async_support.bpx, pro.bpx)}
    written = {kind: members(kind, answers, writer) for kind, writer in writers.items()}
    blocks, awaits, streams = written.values()
    shared = {name: text for name, text in blocks.items() if awaits.get(name) == text == streams.get(name)}
    every_module = set().union(*(writer.modules for writer in writers.values()))
    every_structure = set().union(*(writer.structures for writer in writers.values()))
    every_structure |= {"MarketInterface", "CurrencyInterface"}

    def text(head: str, lines: Iterable[str]) -> str:
        return class_text(head, lines, every_module, every_structure)

    def beyond(known: dict[str, str], own: dict[str, str]) -> Iterator[str]:
        return (line for name, line in own.items() if known.get(name) != line)

    files = {
        "_structures.pyi": structures_text(every_structure),
        "_shared.pyi": text("class Shared:", shared.values()),
        "blocking.pyi": text(
            f"from {OWN}._shared import Shared\nfrom ccxt.base.exchange import Exchange\n\n"
            "class bpx(Shared, Exchange):",
            [OPENED[0], UNKNOWN, *beyond(shared, blocks)],
        ),
        "async_support.pyi": text(
            f"from {OWN}._shared import Shared\nfrom ccxt.async_support.base.exchange import Exchange\n\n"
            "class bpx(Shared, Exchange):",
            [*OPENED, UNKNOWN, *beyond(shared, awaits)],
        ),
        "pro.pyi": text(
            f"from {OWN}.async_support import bpx as _Asyncio\n\nclass bpx(_Asyncio):",
            [OPENED[0], UNKNOWN, *beyond({**shared, **awaits}, streams)],
        ),
    }
    return {STUBS / name: formatted(text, f"stubs/{OWN}/{name}") for name, text in files.items()}


if __name__ == "__main__":
    raise SystemExit(settle_all(made()))
