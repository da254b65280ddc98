from lab.commands.verb import Verb


def run(context, args):
    raise NotImplementedError


VERB = Verb("plan", "plan", "Play and plan", run)
