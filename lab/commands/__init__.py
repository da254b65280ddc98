"""The verbs, one file each, declared once: the command line, scenario steps and consoles use them.

A verb is data (name, arguments, flags) and one function `run(context, args) -> Result`. Nothing
here reads a clock, opens a terminal or starts a shell; importing a verb's file is cheap.
"""
