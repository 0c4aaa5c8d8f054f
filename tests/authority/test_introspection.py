"""Each method that changes something for a person asks first whether they may: read from the code, so none is left out."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHECKS = frozenset({"require", "require_over", "has", "may_everything", "check_own"})
Function = ast.FunctionDef | ast.AsyncFunctionDef

# What every member may do, for nobody but themselves: the method changes the rows of its `actor` or `who` alone.
FOR_ONESELF = {
    "card": {"choose", "note_shown"},
    "challenges": {"attach", "join", "leave", "place", "rank_me", "submit", "suggest"},
    "kudos": {"give"},
    "micro": {
        *("another", "attach", "choose", "file_lost", "file_posted", "hide"),
        *("leave_file_out", "let_go", "look"),
    },
    "pairs": {"ask_for_another", "leave", "say", "skip"},
    "privacy": {"ask_to_delete", "keep"},
    "profiles": {"save"},
    "promises": {"cheer"},
    "reports": {"send"},
    "showcase": {"add", "ask"},
    "streaks": {"hide", "plan_rests"},
}


class Code:
    """The functions of the project, by package: a feature's folder, or the shell."""

    def __init__(self, root: Path) -> None:
        self.functions: defaultdict[tuple[str, str], list[tuple[Path, Function]]] = defaultdict(list)
        for path in sorted([*root.glob("cogs/**/*.py"), *root.glob("bot/**/*.py")]):
            inside = path.relative_to(root).parts
            package = inside[1] if inside[0] == "cogs" else "bot"
            self.add(package, path, path.read_text(encoding="utf-8"))

    def add(self, package: str, path: Path, text: str) -> None:
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, Function):
                self.functions[package, node.name].append((path, node))

    def effectful(self) -> Iterator[tuple[str, Path, Function]]:
        """The public methods that are told who acts and open a transaction for writing."""
        for (package, name), found in self.functions.items():
            for path, node in found:
                if not name.startswith("_") and _is_told_who(node) and _writes(node):
                    yield package, path, node

    def asks(self, package: str, node: Function, seen: frozenset[str] = frozenset()) -> bool:
        """Whether it checks, itself or in what it calls within its package."""
        called = _called(node)
        if called & CHECKS:
            return True
        return any(
            self.asks(package, other, seen | called)
            for name in called - seen
            for _, other in self.functions.get((package, name), ())
        )


def _called(node: Function) -> frozenset[str]:
    calls = [each.func for each in ast.walk(node) if isinstance(each, ast.Call)]
    names = [each.id if isinstance(each, ast.Name) else getattr(each, "attr", "") for each in calls]
    return frozenset(names) - {""}


def _is_told_who(node: Function) -> bool:
    given = [*node.args.args, *node.args.kwonlyargs]
    return any(
        each.annotation is not None and ast.unparse(each.annotation) in ("Actor", "Who") for each in given
    )


def _writes(node: Function) -> bool:
    return any(
        isinstance(each, ast.Attribute) and ast.unparse(each).endswith("db.begin") for each in ast.walk(node)
    )


@pytest.fixture(scope="module")
def code() -> Code:
    return Code(ROOT)


def test_whoever_changes_something_for_a_person_asks_whether_they_may(code: Code) -> None:
    found = list(code.effectful())
    assert len(found) > 200, "the methods are not found any more"
    unasked = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for package, path, node in found
        if not code.asks(package, node) and node.name not in FOR_ONESELF.get(package, ())
    ]
    assert unasked == []


def test_what_is_said_to_be_for_oneself_exists_and_needs_to_be_said(code: Code) -> None:
    unasked = {(package, node.name) for package, _, node in code.effectful() if not code.asks(package, node)}
    assert {(package, name) for package, names in FOR_ONESELF.items() for name in names} == unasked


def test_a_method_that_forgets_to_ask_is_found() -> None:
    source = """
    async def end(self, actor: Actor, row_id: int) -> None:
        async with self._core.db.begin() as session:
            await self._end(session, row_id)
    async def _end(self, session, row_id): ...
    """
    forgetful = Code(ROOT / "nowhere")
    forgetful.add("ladder", Path("x.py"), "class Service:\n" + source)
    [(package, _, node)] = forgetful.effectful()
    assert not forgetful.asks(package, node)
    asking = Code(ROOT / "nowhere")
    asking.add("ladder", Path("x.py"), "class Service:\n" + source.replace("): ...", "): require(1)"))
    [(package, _, node)] = asking.effectful()
    assert asking.asks(package, node)
