from lab.commands.verb import Verb


def run(context, args):
    raise NotImplementedError


VERB = Verb("scenario new", "scenario new", "Scenarios", run)
