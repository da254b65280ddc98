"""completion: the script that makes a shell complete fedlab's words."""

from __future__ import annotations

from lab.commands.context import Context
from lab.commands.verb import Args, Argument, Result, Verb

SHELLS = ("bash", "zsh", "fish")
_HOW = {
    "bash": "put into ~/.bashrc:  source <(fedlab completion bash)",
    "zsh": "put into ~/.zshrc:  source <(fedlab completion zsh)",
    "fish": "fedlab completion fish > ~/.config/fish/completions/fedlab.fish",
}


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from click import Command
    from click.shell_completion import get_completion_class

    from lab.core.errors import InputError, did_you_mean

    shell = args.text("shell")
    found = get_completion_class(shell) if shell in SHELLS else None
    if found is None:
        near = did_you_mean(shell, SHELLS)
        raise InputError(f'no completion for "{shell}"{near} (one of {", ".join(SHELLS)})')
    script = found(Command("fedlab"), {}, "fedlab", "_FEDLAB_COMPLETE")
    source = script.source_template % script.source_vars()
    return Result(f"# {_HOW[shell]}\n{source.strip()}")


VERB = Verb(
    "completion",
    "the script that makes a shell complete words: bash, zsh or fish",
    "This program",
    run,
    (Argument("shell", "bash, zsh or fish"),),
    examples=("completion bash",),
)
