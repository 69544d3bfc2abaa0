"""Counts how far the code is from its house rules, and fails where it moved away from them.

    python -m tools.house [--tighten] [--verbose]

`tools/house.json` holds the counts that are allowed today. A count may only fall: `--tighten` writes smaller ones down.
AIMS is where they are to end.
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import re
import sys
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

ROOT = Path(__file__).parents[1]
PACKAGE = "watcher"
RATCHET = Path(__file__).with_name("house.json")

AIMS = {
    "import cycles": 0,
    "lines of the largest file": 400,
    "functions over 40 lines": 15,
    "functions of complexity over 15": 0,
    "functions of complexity over 10 without a comment": 0,
    "public definitions without a docstring, per thousand": 50,
    "docstrings that begin with a verb of speech": 0,
    "function names that are public in three modules": 8,
    "variables named for how they were obtained": 0,
    "dialects of SQLAlchemy imported outside store/sql": 0,
}
MAX_FUNCTION_LINES = 40
MAX_COMPLEXITY = 15
MAX_COMPLEXITY_UNCOMMENTED = 10
SPEECH = ("Give", "Gives", "Tell", "Tells", "Say", "Says", "Hear", "Bring", "Make", "Let", "Take up", "Keep watch")
"""What docstrings do not begin with: a function returns, formats or reports (CONTRIBUTING)."""

VAGUE_NAMES = frozenset({"found", "each", "one", "here", "said", "told", "brought"})
"""What variables and parameters are not called: a name says what is held, not how it was obtained (CONTRIBUTING)."""

Counts: TypeAlias = dict[str, int]
_SPEECH = re.compile(rf"({'|'.join(SPEECH)})\b")
_Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Module:
    """A source file, read once."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def place(self) -> str:
        return self.path.relative_to(ROOT).as_posix()


@dataclass
class Report:
    """Counts by rule, and where each case stands."""

    counts: Counts = field(default_factory=dict)
    places: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add_cases(self, rule: str, places: Iterable[str]) -> None:
        self.places[rule] = sorted(places)
        self.counts[rule] = len(self.places[rule])


def read_modules(root: Path, package: str) -> list[Module]:
    """Read the package's modules; a package's `__init__` carries the package's name."""
    modules = []
    for path in sorted((root / package).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        text = path.read_text("utf-8")
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        modules.append(Module(name, path, text, ast.parse(text)))
    return modules


def measure(modules: list[Module]) -> Report:
    """Count every rule of AIMS."""
    report = Report()
    report.add_cases("import cycles", (" -> ".join(cycle) for cycle in find_cycles(read_imports(modules))))
    lines, largest = max((module.text.count("\n"), module.place) for module in modules)
    report.counts["lines of the largest file"] = lines
    report.places["lines of the largest file"] = [largest]
    report.add_cases("functions over 40 lines", (case for module in modules for case in list_long_functions(module)))
    complex_, silent = measure_complexity(modules)
    report.add_cases("functions of complexity over 15", complex_)
    report.add_cases("functions of complexity over 10 without a comment", silent)
    _measure_docstrings(modules, report)
    report.add_cases("function names that are public in three modules", list_repeated_names(modules))
    vague = (case for module in modules for case in list_vague_names(module))
    report.add_cases("variables named for how they were obtained", vague)
    report.add_cases("dialects of SQLAlchemy imported outside store/sql", list_dialect_imports(modules))
    return report


def read_imports(modules: list[Module]) -> dict[str, set[str]]:
    """Return which modules each module imports, wherever in it, those for type checkers included."""
    names = {module.name for module in modules}
    return {module.name: _imported(module, names) - {module.name} for module in modules}


def _imported(module: Module, names: set[str]) -> set[str]:
    imported: set[str] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            # `from watcher.store import tables` imports a module, `from watcher.store.tables import feeds` a name.
            imported.update(
                whole if (whole := f"{node.module}.{alias.name}") in names else node.module for alias in node.names
            )
    return imported & names


def find_cycles(imports: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that import each other, each group sorted: Tarjan's components, not recursively."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_: list[str] = []
    cycles: list[list[str]] = []
    for start in imports:
        if start in order:
            continue
        order[start] = lowest[start] = len(order)
        open_.append(start)
        path: list[tuple[str, Iterator[str]]] = [(start, iter(sorted(imports[start])))]
        while path:
            name, following = path[-1]
            for other in following:
                if other not in order:
                    order[other] = lowest[other] = len(order)
                    open_.append(other)
                    path.append((other, iter(sorted(imports[other]))))
                    break
                if other in open_:
                    lowest[name] = min(lowest[name], order[other])
            else:
                path.pop()
                if path:
                    lowest[path[-1][0]] = min(lowest[path[-1][0]], lowest[name])
                if lowest[name] == order[name]:
                    group = open_[open_.index(name) :]
                    del open_[open_.index(name) :]
                    if len(group) > 1:
                        cycles.append(sorted(group))
    return cycles


def list_long_functions(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            lines = node.end_lineno - node.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                yield f"{module.place}:{node.lineno} {node.name}: {lines} lines"


def measure_complexity(modules: list[Module]) -> tuple[list[str], list[str]]:
    """Return the functions that are too complex, and those that are complex and explain nothing."""
    # Imported here: tests use other functions of this module, and radon is installed for `make check` alone.
    from radon.complexity import cc_visit
    from radon.visitors import Function

    complex_: list[str] = []
    silent: list[str] = []
    for module in modules:
        comments = _comment_lines(module.text)
        for block in cc_visit(module.text):
            if not isinstance(block, Function):
                continue
            place = f"{module.place}:{block.lineno} {block.fullname}: complexity {block.complexity}"
            if block.complexity > MAX_COMPLEXITY:
                complex_.append(place)
            has_comment = any(block.lineno <= line <= block.endline for line in comments)
            if block.complexity > MAX_COMPLEXITY_UNCOMMENTED and not has_comment:
                silent.append(place)
    return complex_, silent


def _comment_lines(text: str) -> set[int]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {token.start[0] for token in tokens if token.type == tokenize.COMMENT}


def _measure_docstrings(modules: list[Module], report: Report) -> None:
    missing: list[str] = []
    speaking: list[str] = []
    public = 0
    for module in modules:
        for node in ast.walk(module.tree):
            if not isinstance(node, _Definition) or node.name.startswith("_") or _is_property(node):
                continue
            public += 1
            docstring = ast.get_docstring(node)
            place = f"{module.place}:{node.lineno} {node.name}"
            if not docstring:
                missing.append(place)
            elif _SPEECH.match(docstring):
                speaking.append(f"{place}: {docstring.splitlines()[0]}")
    rule = "public definitions without a docstring, per thousand"
    report.places[rule] = sorted(missing)
    report.counts[rule] = round(1000 * len(missing) / public)
    report.add_cases("docstrings that begin with a verb of speech", speaking)


def _is_property(node: _Definition) -> bool:
    names = {getattr(decorator, "id", getattr(decorator, "attr", "")) for decorator in node.decorator_list}
    return bool(names & {"property", "cached_property"})


def list_repeated_names(modules: list[Module]) -> list[str]:
    """Return the public functions' names that three modules or more define: they say too little."""
    defined: dict[str, set[str]] = defaultdict(set)
    for module in modules:
        for node in module.tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
                defined[node.name].add(module.name)
    return [f"{name}: {', '.join(sorted(places))}" for name, places in defined.items() if len(places) > 2]


def list_vague_names(module: Module) -> Iterator[str]:
    """Yield the variables and parameters called by one of VAGUE_NAMES; the keys of a TypedDict are no variables."""
    keys = {
        statement.target
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base).endswith("TypedDict") for base in node.bases)
        for statement in node.body
        if isinstance(statement, ast.AnnAssign)
    }
    for node in ast.walk(module.tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) if node not in keys:
                pass
            case ast.arg(arg=name) | ast.ExceptHandler(name=name) | ast.MatchAs(name=name) | ast.MatchStar(name=name):
                pass
            case _:
                continue
        if name in VAGUE_NAMES:
            yield f"{module.place}:{node.lineno} {name}"


def list_dialect_imports(modules: list[Module]) -> set[str]:
    """Return the modules that import a dialect at run time or for types, outside the one package that may."""
    return {
        module.place
        for module in modules
        if not module.name.startswith(f"{PACKAGE}.store.sql")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy.dialects")
    }


def compare(report: Report, allowed: Counts) -> list[str]:
    """Return a line for each rule that is broken more often than is allowed, with its cases."""
    lines = []
    for rule, count in report.counts.items():
        limit = max(allowed[rule], AIMS[rule])
        if count > limit:
            lines.append(f"{rule}: {count}, allowed are {limit}")
            lines += [f"  {place}" for place in report.places[rule]]
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tighten", action="store_true", help="write down the counts that have fallen")
    parser.add_argument("--verbose", action="store_true", help="list the cases of every rule that misses its aim")
    options = parser.parse_args()

    report = measure(read_modules(ROOT, PACKAGE))
    allowed: Counts = json.loads(RATCHET.read_text("utf-8"))
    for rule, count in report.counts.items():
        print(f"{count:5}  {rule} (allowed {max(allowed[rule], AIMS[rule])}, aim {AIMS[rule]})")
        if options.verbose and count > AIMS[rule]:
            print("".join(f"       {place}\n" for place in report.places[rule]), end="")
    faults = compare(report, allowed)
    if faults:
        sys.stderr.write("\n".join(faults) + "\n")
        return 1
    tightened = {rule: max(AIMS[rule], min(allowed[rule], count)) for rule, count in report.counts.items()}
    if options.tighten and tightened != allowed:
        RATCHET.write_text(json.dumps(tightened, indent=2) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
