"""From shell words to a verb and back to text and an exit code. Click does help and completion."""

from __future__ import annotations

import errno
import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lab.cli import exits
from lab.commands.registry import NOT_YET, names
from lab.commands.verb import Args, Argument, Flag, Result, Verb
from lab.core.errors import LabError

if TYPE_CHECKING:
    from lab.commands.context import Context, Player, Replayer

_ABOUT = "See what multi-cluster Kubernetes policies do before a region fails."
_GROUPS = ("Play and plan", "Look", "Runs", "Change (in a session or as a scenario step)",
           "Break and heal (in a session or as a scenario step)", "Scenarios",
           "This program")  # fmt: skip


def run_program(words: list[str]) -> int:
    """Carry out the words of a shell and return the exit code."""
    debug = bool(os.environ.get("FEDLAB_DEBUG")) or "--debug" in words
    words = [word for word in words if word != "--debug"]
    _accept_any_text()
    if not words and "_FEDLAB_COMPLETE" not in os.environ:  # a shell asks with no words
        exits.complain(f"error: {NOT_YET['tui']}")
        exits.complain("fedlab --help lists what there is")
        return exits.INVALID
    try:
        code = _group().main(words, prog_name="fedlab", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else exits.OK
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.NoSuchOption as error:
        from lab.core.errors import did_you_mean

        near = did_you_mean(error.option_name, ["--help", "--version", "--debug"])
        exits.complain(f"error: unknown flag: {error.option_name}{near}")
        return exits.INVALID
    except click.exceptions.NoArgsIsHelpError as error:
        exits.complain(error.format_message())
        return exits.INVALID
    except click.ClickException as error:
        exits.complain(f"error: {error.format_message()}")
        return exits.INVALID
    except LabError as error:
        exits.explain_error(error)
        return exits.code_of(error)
    except (KeyboardInterrupt, click.Abort):
        exits.complain("interrupted")
        return exits.INTERRUPTED
    except BrokenPipeError:
        exits.silence_output()
        return exits.OK
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EIO}:
            return exits.internal_error(error, debug=debug)
        exits.silence_output()
        exits.complain(f"error: cannot write: {error.strerror}")
        return exits.INTERNAL
    except Exception as error:
        return exits.internal_error(error, debug=debug)


def _accept_any_text() -> None:
    """Let no character be an error: what a terminal's encoding lacks is shown as its code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class _Group(click.Group):
    """Verbs by name, each built when it is asked for; help is grouped."""

    def __init__(self, prefix: str = "", **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.prefix = prefix

    def list_commands(self, ctx: click.Context) -> list[str]:
        inside = [n.removeprefix(self.prefix) for n in names() if n.startswith(self.prefix)]
        return list(dict.fromkeys(name.split()[0] for name in inside))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from lab.commands.registry import find_verb

        name = self.prefix + cmd_name
        verb = find_verb(name)
        if verb is not None:
            return _Command(verb)
        if any(other.startswith(f"{name} ") for other in names()):
            return _Group(f"{name} ", name=cmd_name, context_settings=_SETTINGS,
                          help=_FAMILIES.get(name, ""))  # fmt: skip
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from lab.core.errors import InputError, did_you_mean

        word = args[0]
        if self.get_command(ctx, word) is None and not ctx.resilient_parsing:
            if not self.prefix and word in NOT_YET:
                raise InputError(NOT_YET[word])
            near = did_you_mean(word, self.list_commands(ctx))
            raise InputError(
                f'unknown command "{word}" for "{ctx.command_path}"{near}'
                f" ({ctx.command_path} --help lists all)"
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows: dict[str, list[tuple[str, str]]] = {group: [] for group in _GROUPS}
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if isinstance(command, _Command):
                rows.setdefault(command.verb.group, []).append((name, command.verb.summary))
            elif isinstance(command, _Group):
                inner = command.list_commands(ctx)
                verb = command.get_command(ctx, inner[0])
                group = verb.verb.group if isinstance(verb, _Command) else ""
                rows.setdefault(group, []).append((name, f"{command.help} ({', '.join(inner)})"))
        for group, entries in rows.items():
            if entries:
                with formatter.section(group):
                    formatter.write_dl(entries)


class _Command(click.Command):
    """A verb as click sees it: options for help and completion, our own parser for the rest."""

    def __init__(self, verb: Verb) -> None:
        self.verb = verb
        params: list[click.Parameter] = [_argument(each) for each in verb.arguments]
        params += [_option(flag) for flag in verb.flags_for("fedlab")]
        super().__init__(
            verb.name.split()[-1],
            params=params,
            help=_about(verb),
            epilog=_epilog(verb),
            context_settings=_SETTINGS,
        )

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        from lab.commands.verb import usage

        return usage("fedlab", self.verb).split()[1 + len(self.verb.name.split()) :]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if ctx.resilient_parsing:
            return super().parse_args(ctx, args)
        before_dashes = args[: args.index("--")] if "--" in args else args
        if "-h" in before_dashes or "--help" in before_dashes:
            click.echo(self.get_help(ctx), color=ctx.color)
            ctx.exit()
        from lab.commands.parse import parse_args

        ctx.params = {"args": parse_args(self.verb, args)}
        return []

    def invoke(self, ctx: click.Context) -> int:
        return _carry_out(self.verb, ctx.params["args"])


_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_FAMILIES = {
    "scenario": "make, check and describe scenario files",
    "set": "change one thing of a workload",
    "rollout": "manage the rollout of a workload",
}


_FILE_ARGUMENTS = {"scenarios", "file", "files"}


def _argument(argument: Argument) -> click.Argument:
    many = argument.count not in "1?"
    kind = click.Path() if argument.name in _FILE_ARGUMENTS else None
    complete = {"targets": _kind_words, "kind": _fault_words}.get(argument.name)
    return click.Argument([argument.name], required=False, nargs=-1 if many else 1, type=kind,
                          shell_complete=complete)  # fmt: skip


def _kind_words(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the names of kinds, until a name or a second kind is begun."""
    from lab.core.kinds import HUB_KINDS

    head, comma, last = incomplete.rpartition(",")
    found = [
        word
        for kind in HUB_KINDS().all()
        for word in (kind.plural, *kind.short_names)
        if word.startswith(last)
    ]
    return [head + comma + word for word in dict.fromkeys(found)]


def _fault_words(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the names of kinds of faults."""
    from lab.core.faults import kind_names

    return [name for name in kind_names() if name.lower().startswith(incomplete.lower())]


def _option(flag: Flag) -> click.Option:
    written = [f"--{flag.name}", *([f"-{flag.short}"] if flag.short else [])]
    if flag.type == "bool":
        return click.Option(written, is_flag=True, help=flag.help)
    text = flag.help
    if flag.choices and not flag.metavar:
        text += f" ({', '.join(flag.choices)})"
    kind: click.Choice[str] | click.Path | None = None
    if flag.choices and flag.type == "text":
        kind = click.Choice(flag.choices)
    elif flag.metavar == "FILE":
        kind = click.Path()
    metavar = flag.metavar or ("COUNT" if flag.type == "int" else "VALUE")
    return click.Option(written, help=text, metavar=metavar, type=kind,
                        multiple=flag.type in {"list", "repeat"})  # fmt: skip


def _about(verb: Verb) -> str:
    text = verb.summary[:1].upper() + verb.summary[1:] + "."
    if verb.arguments:
        width = max(len(each.name) for each in verb.arguments)
        rows = [f"{each.name.upper():<{width}}  {each.help}" for each in verb.arguments]
        text += "\n\n\b\n" + "\n".join(rows)
    return text


def _epilog(verb: Verb) -> str | None:
    if not verb.examples:
        return None
    return "\b\nExamples:\n" + "\n".join(f"  fedlab {example}" for example in verb.examples)


def _group() -> _Group:
    group = _Group(name="fedlab", help=_ABOUT, context_settings=_SETTINGS)
    group.params.append(
        click.Option(
            ["--version"],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            callback=_print_version,
            help="Show the version and leave.",
        )
    )
    group.params.append(
        click.Option(
            ["--debug"],
            is_flag=True,
            expose_value=False,
            help="Show tracebacks of mistakes in fedlab.",
        )
    )
    return group


def _print_version(ctx: click.Context, option: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from lab.commands.version import program_version

        click.echo(f"fedlab {program_version()}")
        ctx.exit()


def _carry_out(verb: Verb, args: Args) -> int:
    result = verb.run(_context(verb, args), args)
    return show(result)


def show(result: Result) -> int:
    """Print an answer and return its exit code."""
    for note in result.notes:
        exits.complain(note)
    try:
        if result.text:
            print(result.text)
        sys.stdout.flush()
    except BrokenPipeError:
        exits.silence_output()
    return result.exit_code


def _context(verb: Verb, args: Args) -> Context:
    from lab.commands.context import Context

    world = None
    if verb.needs == "read":
        from lab.cli.reading import world_to_read

        world = world_to_read(args)
    player: Player | None = None
    replayer: Replayer | None = None
    if verb.name in {"run", "compare"}:
        from lab.cli.playing import player as player_of

        player = player_of(args)
    if verb.name == "replay":
        from lab.cli.playing import replay_run

        replayer = replay_run
    return Context(
        program="fedlab",
        world=world,
        directory=Path(),
        terminal=sys.stdout.isatty(),
        verb=verb.name,
        player=player,
        replayer=replayer,
    )
