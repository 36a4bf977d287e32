"""Groups of raw files on the command line: each `--map` is that of the files behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

MAP = "--map"
_META = f"{__name__}.groups"


class GroupedCommand(click.Command):
    """A command whose files are grouped by the option `--map`, which may be given several times."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the command line, and remember which files stand behind which map."""
        ctx.meta[_META] = _groups(self.params, args)
        return super().parse_args(ctx, args)


def _groups(params: list[click.Parameter], args: list[str]) -> list[tuple[str | None, list[str]]]:
    """Return each map with the files behind it; first those that stand before any."""
    takes_value = {
        name for option in params if isinstance(option, click.Option) and not option.is_flag for name in option.opts
    }
    groups: list[tuple[str | None, list[str]]] = [(None, [])]
    rest = iter(args)
    for word in rest:
        name, is_joined, value = word.partition("=")
        if word == "--":
            groups[-1][1].extend(rest)
        elif name in takes_value:
            value = value if is_joined else next(rest, "")
            if name == MAP:
                groups.append((value, []))
        elif not word.startswith("-") or word == "-":
            groups[-1][1].append(word)
    return groups


def files_by_map(ctx: click.Context, files: tuple[Path, ...]) -> dict[str, Any]:
    """Return the raw files and the map of `import_raw`: one map is that of all files, of several each of its own.

    Raises
    ------
    click.UsageError
        If there are several maps, and files before the first, or a map without files.
    """
    before, *groups = ctx.meta[_META]
    if len(groups) < 2:
        return {"files": files, "map_file": groups[0][0] if groups else None}
    by_map: dict[str, list[str]] = {}
    for map_file, named in groups:
        by_map.setdefault(map_file, []).extend(named)
    if before[1] or not all(by_map.values()):
        msg = f"of several maps, each stands before its files: {MAP} a.yaml a.csv {MAP} b.yaml b.csv"
        raise click.UsageError(msg, ctx)
    return {"files": by_map}
