from lab.commands.verb import Verb


def run(context, args):
    raise NotImplementedError


VERB = Verb("scenario check", "scenario check", "Scenarios", run)
