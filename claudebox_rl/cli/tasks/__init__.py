"""The command line of tasks: what there is, whether it is worth training on, and a new one."""
