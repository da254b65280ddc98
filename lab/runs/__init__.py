"""A run is one SQLite file: what went in, the trace, every object at every time, the verdicts.

It is written while the run goes on (a killed process loses at most the last flush) and read without
the run. Nothing here knows scenarios or commands.
"""
