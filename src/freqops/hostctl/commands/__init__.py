"""The commands of ``freqops-host``, a module for each, called as the command and imported when it is named.

Each module has ``HELP``, ``IN_SESSION`` (whether its work outlives the terminal), ``add_arguments(parser)`` and
``run(options)``, which returns the exit status. What root alone may say, such as a path, is in
``add_root_arguments(parser)``, and ``freqops-operator`` does not have it.
"""
