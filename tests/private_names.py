"""Private names of other packages that our code uses, found in the source without running it.

A private name may change in any release, so each use is a place that breaks without a warning. Four kinds count:

* an attribute such as `screen._compositor` that a class of Textual, Rich or plotext has, on anything but an object of
  our own that defines it in the same file; its name as a string, as in `getattr(screen, "_compositor")`, too;
* a method or an attribute of ours with a name that is private to a foreign base class, which it would override: that
  includes bases of the standard library, such as `threading.Thread`;
* an import of a private module or of a private name, such as `from textual._compositor import Compositor`;
* a private name of an imported module, such as `torch._fused_adamw_`.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

LIBRARIES = ("textual", "rich", "plotext")
OURS = "mnist_tui"
DOCUMENTED = {"os._exit"}
"""Names with an underscore that are part of a module's documented interface."""
PRIVATE = re.compile(r"_[A-Za-z]\w*")
DEFINITIONS = re.compile(r"(?:self|cls)\.(_[A-Za-z]\w*)|\bdef (_[A-Za-z]\w*)|^ +(_[A-Za-z]\w*) *[:=]", re.MULTILINE)


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """A private name of another package in our code."""

    file: str
    line: int
    name: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.name}"


@dataclass
class OwnClass:
    """A class of this package, from its source."""

    bases: list[str]
    """Full names, such as `textual.screen.Screen`."""
    defined: list[tuple[int, str]] = field(default_factory=list)
    """Lines and names of its private methods and attributes."""
    used: list[tuple[int, str]] = field(default_factory=list)
    """Lines and names of `self._name`."""
    assigned: set[str] = field(default_factory=set)
    """Those of them that are assigned."""


@dataclass
class Source:
    """A file of this package."""

    path: Path
    module: str
    tree: ast.Module
    imported: dict[str, str]
    """What each imported name is in full."""
    classes: dict[str, OwnClass]


def private_uses(root: Path, files: Iterable[Path]) -> list[Use]:
    """Return every use of another package's private names in `files`, paths relative to `root`."""
    sources = [_source(root, path) for path in files]
    index = {f"{source.module}.{name}": found for source in sources for name, found in source.classes.items()}
    return sorted({use for source in sources for use in _uses(source, index)})


def is_private(name: str) -> bool:
    """Whether a name is private; `__init__` and the like are not."""
    return PRIVATE.fullmatch(name) is not None


@cache
def library_names() -> frozenset[str]:
    """The private methods and attributes of every class of the libraries."""
    names: set[str] = set()
    for library in LIBRARIES:
        found = importlib.util.find_spec(library)
        assert found is not None
        assert found.origin is not None
        for path in Path(found.origin).parent.rglob("*.py"):
            for groups in DEFINITIONS.findall(path.read_text()):
                names.update(filter(None, groups))
    return frozenset(names)


@cache
def names_of(full_name: str) -> frozenset[str]:
    """The private methods and attributes of a foreign class and of its bases."""
    module, _, name = full_name.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError):
        return frozenset()
    bases = inspect.getmro(found) if inspect.isclass(found) else ()
    return frozenset().union(*(_names_in(base) for base in bases if base.__module__ != "builtins"))


@cache
def _names_in(foreign: type) -> frozenset[str]:
    """The private methods and attributes that a foreign class itself defines."""
    named = filter(is_private, vars(foreign))
    return frozenset(named) | _assigned_in(foreign.__module__).get(foreign.__name__, frozenset())


@cache
def _assigned_in(module: str) -> dict[str, frozenset[str]]:
    """The private attributes of `self` by class in a foreign module; none where it is not written in Python."""
    try:
        tree = ast.parse(inspect.getsource(importlib.import_module(module)))
    except (OSError, TypeError):
        return {}
    classes = (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    return {node.name: frozenset(name for _, name in _attributes_of_self(node)) for node in classes}


def _source(root: Path, path: Path) -> Source:
    tree = ast.parse(path.read_text())
    parts = path.relative_to(root).with_suffix("").parts
    module = ".".join(((OURS,) if parts[0] in ("tui", "engine") else ()) + parts)
    imported: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                top = name.name.partition(".")[0]
                imported[name.asname or top] = name.name if name.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.update({name.asname or name.name: f"{node.module}.{name.name}" for name in node.names})
    classes = {node.name: _class(node, module, imported) for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    return Source(path.relative_to(root), module, tree, imported, classes)


def _class(node: ast.ClassDef, module: str, imported: dict[str, str]) -> OwnClass:
    bases = []
    for base in node.bases:
        plain = base.value if isinstance(base, ast.Subscript) else base  # Screen[None]
        first, _, rest = ast.unparse(plain).partition(".")
        bases.append(imported.get(first, f"{module}.{first}") + (f".{rest}" if rest else ""))
    found = OwnClass(bases)
    for statement in node.body:
        targets: list[ast.expr] = []
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            found.defined.append((statement.lineno, statement.name))
        elif isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        found.defined += [(statement.lineno, target.id) for target in targets if isinstance(target, ast.Name)]
    found.defined = [(line, name) for line, name in found.defined if is_private(name)]
    found.used = list(_attributes_of_self(node))
    found.assigned = {name for _, name in _attributes_of_self(node, ast.Store)}
    return found


def _attributes_of_self(tree: ast.AST, context: type[ast.expr_context] = ast.expr_context) -> Iterator[tuple[int, str]]:
    """Lines and names of the private attributes of `self` that are read or, with `ast.Store`, assigned."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and is_private(node.attr)
            and isinstance(node.value, ast.Name)
            and node.value.id in ("self", "cls")
            and isinstance(node.ctx, context)
        ):
            yield node.lineno, node.attr


def _uses(source: Source, index: dict[str, OwnClass]) -> Iterator[Use]:
    def use(line: int, name: str) -> Use:
        return Use(source.path.as_posix(), line, name)

    own: set[str] = set()
    for found in source.classes.values():
        inherited = _inherited(found, index)
        foreign = frozenset().union(*(names_of(base) for base in inherited if not _is_ours(base)))
        lineage = [found, *(index[base] for base in inherited if base in index)]
        own |= {name for each in lineage for name in (*each.assigned, *(name for _, name in each.defined))} - foreign
        for line, name in (*found.defined, *found.used):
            if name in foreign:
                yield use(line, name)

    suspicious = library_names() - own
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (use(node.lineno, name) for name in _private_imports(node))
        elif isinstance(node, ast.Attribute) and is_private(node.attr):
            value = ast.unparse(node.value)
            module = source.imported.get(value, "")
            if module and _is_foreign_module(module):
                if f"{module}.{node.attr}" not in DOCUMENTED:
                    yield use(node.lineno, f"{module}.{node.attr}")
            elif node.attr in suspicious:  # also of `self` in a class that is mixed into one of a library's
                yield use(node.lineno, node.attr if value in ("self", "cls") else f"{value}.{node.attr}")
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and (node.value in suspicious or _is_private_path(node.value))
        ):
            yield use(node.lineno, repr(node.value))


def _inherited(found: OwnClass, index: dict[str, OwnClass]) -> list[str]:
    """The full names of all bases, ours with their own bases."""
    names = list(found.bases)
    for base in found.bases:
        if base in index:
            names += _inherited(index[base], index)
    return names


def _is_ours(full_name: str) -> bool:
    return full_name.partition(".")[0] in (OURS, "bench", "screenshots", "tests")


def _is_foreign_module(full_name: str) -> bool:
    """Whether an imported name is a module from outside this package."""
    try:
        return not _is_ours(full_name) and importlib.util.find_spec(full_name) is not None
    except (ImportError, ValueError):  # a class or a function
        return False


def _private_imports(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(node, ast.Import):
        names = [name.name for name in node.names]
    elif node.module is None or node.module == "__future__":
        return
    else:
        names = [f"{node.module}.{name.name}" for name in node.names]
    for name in names:
        if not _is_ours(name) and any(is_private(part) for part in name.split(".")):
            yield name


def _is_private_path(text: str) -> bool:
    """Whether a string is such as `textual._compositor`."""
    parts = text.split(".")
    return parts[0] in LIBRARIES and all(part.isidentifier() for part in parts) and any(map(is_private, parts))
