"""``degrade-bench env``: environments of metrics that need packages of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

HELP = "Make, show or remove an environment for metrics that need packages of their own (--metric-env NAME)."


def env(
    name: Annotated[str | None, typer.Argument(help="of an environment  [default: list them]")] = None,
    require: Annotated[
        list[str] | None, typer.Option(help="a pinned package, such as numpy==1.26.4; may be repeated")
    ] = None,
    from_: Annotated[
        Path | None, typer.Option("--from", help="a metric file whose requires: it is", show_default=False)
    ] = None,
    python: Annotated[
        str | None, typer.Option(help="the interpreter; with uv also a version  [default: this one]")
    ] = None,
    wheels: Annotated[
        Path | None, typer.Option(help="a folder of wheels to take in place of an index", show_default=False)
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="remove it")] = False,
) -> None:
    """Make, show or remove an environment.

    Args:
        name: of it; None lists those that there are.
        require: what it is made of.
        from_: a metric file that says what it is made of.
        python: the interpreter that it is made with.
        wheels: a folder to take packages from.
        remove: whether to remove it.
    """
    from degrade_bench.errors import ConfigError
    from degrade_bench.metric.outside import environments
    from degrade_bench.metric.outside.declaration import asked_for

    if name is None:
        for one in environments.there():
            typer.echo(one)
        return
    if remove:
        environments.remove(name)
        typer.echo(f"removed {name}")
        return
    if from_ is not None and require:
        raise ConfigError("give --from or --require, not both")
    if from_ is not None:
        declared = asked_for(str(from_), {}).declared
        wanted = environments.Wanted(tuple(declared.requires), python or declared.python)
        environment = environments.made(name, wanted, wheels)
    elif require:
        environment = environments.made(name, environments.Wanted(tuple(require), python), wheels)
    else:
        environment = environments.found(name)
    typer.echo(f"{environment.name}: {environment.interpreter}")
    typer.echo(f"made from: {', '.join(environment.wanted.requires)}")
    for package in environment.packages:
        typer.echo(f"  {package}")
