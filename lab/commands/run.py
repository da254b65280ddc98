from lab.commands.verb import Verb


def run(context, args):
    raise NotImplementedError


VERB = Verb("run", "run", "Play and plan", run)
