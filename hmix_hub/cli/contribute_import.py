"""`hmix contribute import`, `pictures` and `map`: from raw files and folders of pictures to a study folder."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hmix_hub.tasks import TASKS

if TYPE_CHECKING:
    from hmix_hub.sources.picture_list import PictureList


MAP = "--map"
_META = f"{__name__}.groups"


class GroupedCommand(click.Command):
    """A command whose files are grouped by the repeatable option `--map`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the command line and record which files follow which map."""
        ctx.meta[_META] = _groups(self.params, args)
        return super().parse_args(ctx, args)


def _groups(params: list[click.Parameter], args: list[str]) -> list[tuple[str | None, list[str]]]:
    """Return each map with the files that follow it; first, the files before any map."""
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
    """Return the raw files and the map for `import_raw`: one map for all files, or one per group of files.

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
        msg = f"with several maps, put each before its files: {MAP} a.yaml a.csv {MAP} b.yaml b.csv"
        raise click.UsageError(msg, ctx)
    return {"files": by_map}


_label_pattern_option = click.option(
    "--label-pattern",
    metavar="RE",
    help=r"Regular expression whose group matches the label in a picture's path; default: the name of its folder.",
)


_label_option = click.option("--label", metavar="NAME", help="One label for all pictures, if they have no classes.")


@contextmanager
def _progress(unit: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    from tqdm import tqdm

    with tqdm(total=total, unit=f" {unit}", leave=False, disable=not sys.stderr.isatty()) as bar:

        def show(done: int) -> None:
            bar.update(done - bar.n)

        yield show


def _list_with_progress(place: str, label_pattern: str | None, label: str | None) -> PictureList:
    """Return the list of a folder's pictures, with progress on a terminal."""
    from hmix_hub.contribute.picture_listing import list_pictures

    with _progress("pictures") as progress:
        return list_pictures(place, label_pattern=label_pattern, label=label, progress=progress)


def _echo_listed(listed: PictureList, study: str, copied: int) -> None:
    """Print what was listed, and what to write about such pictures in study.yaml."""
    from hmix_hub.studies.folder import IMAGE_LIST

    sizes = {entry.size for entry in listed.entries}
    of_sizes = "{} x {}".format(*next(iter(sizes)) or ("?", "?")) if len(sizes) == 1 else f"{len(sizes):,} sizes"
    classes = len(listed.vocabulary)
    labels = f"{classes:,} label{'s' if classes > 1 else ''}"
    click.echo(f"wrote {study.rstrip('/')}/{IMAGE_LIST}: {len(listed):,} pictures, {labels}, {of_sizes}")
    if copied:
        click.echo(f"copied {copied:,} pictures into {study.rstrip('/')}/stimuli")


@click.command("import", cls=GroupedCommand, short_help="Turn raw exports into judgment files.")
@click.argument("raw", metavar="RAW...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--to", required=True, metavar="DIR", help="Study folder; created if missing.")
@click.option(
    MAP,
    "maps",
    metavar="FILE",
    multiple=True,
    help="Column map (YAML) for files that the Suite did not export; with several, each before its files.",
)
@click.option("--pictures", metavar="PLACE", help="Folder of the pictures, or a CSV list, for stimuli/images.csv.")
@_label_pattern_option
@_label_option
@click.option("--copy-pictures", is_flag=True, help="Copy the pictures into the study, to be published with it.")
@click.option("--replace", is_flag=True, help="Overwrite existing judgment files and list of pictures.")
@click.option("--append", is_flag=True, help="Append to existing judgment files.")
@click.pass_context
def import_command(
    ctx: click.Context, /, raw: tuple[Path, ...], to: str, maps: tuple[str, ...], **options: Any
) -> None:
    """Turn raw exports into judgment files: CSV files of the original Suite as they are, others through --map.

    Other files may be CSV (any delimiter), JSON, Excel, SQLite or Parquet from any software, with a row per answer or
    per participant. `hmix contribute map` proposes a map.
    """
    from hmix_hub.contribute.importer import import_raw

    place, *labels = (options.pop(name) for name in ("pictures", "label_pattern", "label"))
    listed = None if place is None else _list_with_progress(place, *labels)
    with _progress("files", len(raw)) as progress:
        imported = import_raw(to=to, progress=progress, pictures=listed, **files_by_map(ctx, raw), **options)
    if listed is not None:
        _echo_listed(listed, to, len(set(listed.names)) if options["copy_pictures"] else 0)
    for name, rows in imported.files.items():
        file, added = f"{to.rstrip('/')}/{name}", imported.added.get(name)
        click.echo(
            f"wrote {rows:,} judgment{'s' if rows > 1 else ''} to {file}"
            if added is None
            else f"added {added:,} judgment{'s' if added > 1 else ''} to {file}, which now has {rows:,}"
        )
    for reason, rows in imported.outcome.dropped.most_common():
        click.echo(f"  dropped {rows:,} row{'s' if rows > 1 else ''}: {reason}")
    for note in imported.outcome.notes:
        click.echo(f"  {note}")
    if imported.is_new:
        click.echo(f"started {to.rstrip('/')}/study.yaml: replace every TODO")
    click.echo(f"next: hmix contribute validate {shlex.quote(to)} --draft")


@click.command("pictures", short_help="List the study's pictures: stimuli/images.csv.")
@click.argument("folder", metavar="DIR")
@click.option("--from", "place", metavar="PLACE", help="Folder of pictures, or a CSV list; default: DIR/stimuli.")
@_label_pattern_option
@_label_option
@click.option("--copy", is_flag=True, help="Copy the pictures into DIR/stimuli, to be published with the study.")
@click.option("--replace", is_flag=True, help="Overwrite an existing list and existing files.")
def pictures_command(
    folder: str, place: str | None, label_pattern: str | None, label: str | None, copy: bool, replace: bool
) -> None:
    """List a study's pictures in stimuli/images.csv, with the label, size and sha256 of each.

    Pictures may be PNG, JPEG, WebP, BMP, still GIF or uncompressed TIFF. Their label is the name of their folder, what
    --label-pattern matches, or --label for all; a CSV list (file,label) has its own labels. They stay where they are,
    for `stimuli: source: elsewhere`, unless --copy copies them into the study, for `source: own`. In a collection
    folder, they are the pictures to ask about.
    """
    from hmix_hub.contribute.picture_listing import write_pictures
    from hmix_hub.studies.folder import STIMULI
    from hmix_hub.suite.study.reading import COLLECTION

    inside = Path(folder) / STIMULI
    listed = _list_with_progress(place or str(inside), label_pattern, label)
    copied = write_pictures(folder, listed, copy=copy, replace=replace)
    _echo_listed(listed, folder, copied)
    is_own = copy or place is None or inside.resolve() == listed.root.resolve()
    if (Path(folder) / COLLECTION).is_file():
        # Pictures to ask about are shown from this folder.
        there = "" if is_own else "; --copy copies the pictures to where it shows them from"
        click.echo(f"{COLLECTION}: write `source: own` under `pictures:`, and the labels under `classes:`{there}")
        click.echo(f"next: hmix collect check {shlex.quote(folder)}")
        return
    why = "the pictures are published with the study" if is_own else "the pictures are not part of the study"
    click.echo(f"study.yaml: write `source: {'own' if is_own else 'elsewhere'}` under `stimuli:`; {why}")
    click.echo(f"next: hmix contribute validate {shlex.quote(folder)} --draft")


@click.command("map", short_help="Propose a column map for raw exports.")
@click.argument("raw", metavar="RAW...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--task", type=click.Choice(list(TASKS)), help="Task; default: the one the answers resemble most.")
@click.option("--sheet", metavar="NAME", help="Sheet of a workbook, or table of a database.")
@click.option("--skip", metavar="N", type=click.IntRange(min=0), default=0, help="Number of lines above the header.")
@click.option("--header", metavar="N", type=click.IntRange(min=1), default=1, help="Number of rows of the header.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="New file to write.")
def propose_map(
    raw: tuple[Path, ...], task: str | None, sheet: str | None, skip: int, header: int, output: Path | None
) -> None:
    """Propose a column map for raw exports of one form: each line with its evidence, or TODO if there is none.

    Compare each line with your experiment, then import with --map. Ids of participants and free text are not written.
    """
    from hmix_hub.contribute.proposal import proposed_map, read_sample, write_map

    layout = {"skip": skip, "header": header, "sheet": sheet}
    table, notes = read_sample(raw, layout)
    text, n_open = proposed_map(table, task=task, layout=layout)
    for note in notes:
        click.echo(f"hmix: {note}", err=True)
    if output is None:
        click.echo(text, nl=False)
        return
    write_map(output, text)
    todo = f"decide {n_open} line{'s' if n_open != 1 else ''} marked TODO, then " if n_open else ""
    click.echo(f"wrote {output}")
    files = shlex.join(str(path) for path in raw)
    click.echo(f"next: {todo}hmix contribute import {files} --map {shlex.quote(str(output))} --to my-study")
