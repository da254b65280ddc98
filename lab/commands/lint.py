from lab.commands.verb import Verb


def run(context, args):
    raise NotImplementedError


VERB = Verb("lint", "lint", "Play and plan", run)
