"""What the exit codes of `claudebox-rl` mean."""

EXIT_CODES = """\
exit codes: 0 all well; 1 an episode ended in infra_error, or a job failed; 2 bad input or a machine that can't be had;
130 interrupted (machines stopped, finished episodes kept)"""
