"""YAML that remembers its lines, so that whatever is wrong in a file can be said with the line it stands in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from degrade_bench._support.reading import read_text_file
from degrade_bench.errors import ConfigError

MOST_BYTES = 1 << 20
"""How long a YAML file may be. PyYAML reads about a megabyte in ten seconds."""

MOST_NODES = 20_000
"""How many values a file may hold, with what every alias and merge key stands for counted wherever it is used."""

MOST_DEPTH = 50
"""How deep lists and mappings may lie in one another, through aliases too."""

MOST_DIGITS = 300
"""How long a number may be; one of many thousand digits takes minutes to make and cannot be printed."""


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML comes without types
    """The safe loader, with bounds that hold while it reads, telling the line of a value that it cannot make.

    Such a value is the date ``2026-13-45``. A few lines of aliases can stand for more values than any memory holds,
    so what a node stands for is added up as soon as it is complete.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = self._nodes = 0
        self._extent: dict[yaml.Node, tuple[int, int]] = {}  # values that it stands for, and how deep

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node:
        mark = self.peek_event().start_mark
        is_alias = self.check_event(yaml.AliasEvent)
        self._depth += 1
        self._nodes += 1
        self._check_extent(self._nodes, self._depth, mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        if not is_alias:
            inside = [self._extent[child] for child in _children(node)]
            values, depth = 1 + sum(n for n, _ in inside), 1 + max((d for _, d in inside), default=0)
            self._check_extent(values, depth, mark)
            self._extent[node] = values, depth
        elif node not in self._extent:
            raise yaml.composer.ComposerError(
                None, None, "this alias stands for something that it lies within", mark
            )
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        kind = node.tag.rpartition(":")[2]
        if kind in ("int", "float") and len(node.value) > MOST_DIGITS:
            problem = f"a number of {len(node.value)} characters; at most {MOST_DIGITS} are read"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        try:
            return super().construct_object(node, deep)
        except (ValueError, ArithmeticError, LookupError, AttributeError, TypeError) as error:
            problem = str(error) if isinstance(error, ValueError) else f"this is no {kind}"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from error

    def _check_extent(self, values: int, depth: int, mark: yaml.Mark) -> None:
        if values > MOST_NODES:
            problem = f"more than {MOST_NODES} values, those that aliases stand for counted"
            raise yaml.composer.ComposerError(None, None, problem, mark)
        if depth > MOST_DEPTH:
            problem = f"nested too deeply; at most {MOST_DEPTH} levels are read"
            raise yaml.composer.ComposerError(None, None, problem, mark)


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        return list(node.value)
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return []


class LinedYaml:
    """The content of one YAML file, and the lines of everything in it.

    Args:
        path: the file, UTF-8, of at most ``MOST_BYTES``.

    Attributes:
        data: mappings, lists and scalars, as ``yaml.safe_load`` gives them; None for an empty file.

    Raises:
        ConfigError: the file cannot be read, is no YAML, gives a key twice, or holds more or deeper than is read;
            says in which line.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            text = read_text_file(path, MOST_BYTES)
        except OSError as error:
            raise ConfigError(f"cannot read {path}: {error.strerror}") from error
        try:
            self._root = yaml.compose(text, Loader=_Loader)
            self._check_keys(self._root)
            self.data: Any = yaml.load(text, Loader=_Loader)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            problem = str(getattr(error, "problem", None) or error)
            raise ConfigError(self._said(mark.line + 1 if mark else None, problem)) from error

    def error(self, where: Sequence[str | int], message: str) -> ConfigError:
        """An error that names file and line.

        Args:
            where: keys and indices from the top; as much of it as there is in the file decides the line.
            message: what is wrong and what was expected.
        """
        return ConfigError(self._said(self.line(where), message))

    def line(self, where: Sequence[str | int]) -> int | None:
        """The line, from 1, of what lies at ``where``, or of the innermost thing around it that is there."""
        node, line = self._root, None
        if node is not None:
            line = node.start_mark.line + 1
        for step in where:
            if isinstance(node, yaml.MappingNode):
                matches = [(key, value) for key, value in node.value if key.value == str(step)]
                if not matches:
                    return line
                key, node = matches[0]
                line = key.start_mark.line + 1
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.start_mark.line + 1
            else:
                return line
        return line

    def _said(self, line: int | None, message: str) -> str:
        return f"{self.path}{'' if line is None else f', line {line}'}: {' '.join(message.split())}"

    def _check_keys(self, root: yaml.Node | None) -> None:
        """YAML lets the last of two equal keys win in silence; here it is an error."""
        seen: set[int] = set()
        waiting = [root] if root is not None else []
        while waiting:
            node = waiting.pop()
            if id(node) in seen:  # an alias
                continue
            seen.add(id(node))
            if isinstance(node, yaml.SequenceNode):
                waiting.extend(node.value)
            elif isinstance(node, yaml.MappingNode):
                lines: dict[str, int] = {}
                for key, value in node.value:
                    waiting.append(value)
                    if not isinstance(key, yaml.ScalarNode):
                        continue
                    name, line = str(key.value), key.start_mark.line + 1
                    if name in lines and name != "<<":
                        raise ConfigError(
                            self._said(line, f"{name!r} is given twice (first in line {lines[name]})")
                        )
                    lines[name] = line
