"""YAML that remembers its lines, so that whatever is wrong in a file can be said with the line it stands in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from degrade_bench.errors import ConfigError


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML comes without types
    """The safe loader, telling the line of a value that it cannot make, such as the date ``2026-13-45``."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            raise yaml.constructor.ConstructorError(None, None, str(error), node.start_mark) from error


class LinedYaml:
    """The content of one YAML file, and the lines of everything in it.

    Args:
        path: the file, UTF-8.

    Attributes:
        data: mappings, lists and scalars, as ``yaml.safe_load`` gives them; None for an empty file.

    Raises:
        ConfigError: the file cannot be read, is no YAML, or gives a key twice; says in which line.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"cannot read {path}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"cannot read {path}: it is not UTF-8 text") from error
        try:
            self._root = yaml.compose(text, Loader=yaml.SafeLoader)
            self._check_keys(self._root)
            self.data: Any = yaml.load(text, Loader=_Loader)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            problem = str(getattr(error, "problem", None) or error)
            raise ConfigError(self._said(mark.line + 1 if mark else None, problem)) from error
        except RecursionError as error:
            raise ConfigError(self._said(None, "nested too deeply, or within itself")) from error

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
                    name, line = str(key.value), key.start_mark.line + 1
                    if isinstance(key, yaml.ScalarNode) and name in lines and name != "<<":
                        raise ConfigError(
                            self._said(line, f"{name!r} is given twice (first in line {lines[name]})")
                        )
                    lines[name] = line
                    waiting.append(value)
