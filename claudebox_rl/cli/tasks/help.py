"""What `claudebox-rl tasks --help` teaches."""

TASKS_HELP = """\
examples:
  claudebox-rl tasks                            what is shipped
  claudebox-rl tasks list quickstart ./mine     a suite, and a folder of task folders
  claudebox-rl tasks list procedural            generated: one of each family and difficulty (docs/procedural.md)
  claudebox-rl tasks check quickstart           prove a suite
  claudebox-rl tasks measure quickstart         the share of careless players who pass
  claudebox-rl tasks new my-task                a task folder to begin with, whose files say why they are as they are
  claudebox-rl tasks import rows.parquet tasks --repos snapshots
                                                task folders of rows as SWE-bench has them; nothing is downloaded
"""

CHECK_HELP = """\
A task is worth training on when its reward says what was done. Each is played, in machines of its own, by
  solution   its solution/solve.sh, three times: has to earn 1.0 each time
  nothing    has to earn 0.0
  random     harmless random shell commands: no more than nothing
  cheats     work on the verdict instead of the task: no more than nothing. Those in cheats/ of the project are
             played on every task, those in a task's own cheats/ on that task, as own:NAME.
A verifier that gives no verdict gives nothing to a cheat, but fails a solution and fails nothing.

examples:
  claudebox-rl tasks check quickstart/fix-bug
  claudebox-rl tasks check ./my-task --players solution,nothing --repeat 20
  claudebox-rl tasks check ./theirs --task-images ./images     in images built of their Dockerfiles (docs/tasks.md)
  claudebox-rl tasks check bugfix --players 'late-*,own:*'
  claudebox-rl tasks check --sample 8           all suites; of the cheats only some on each task, others each day
  claudebox-rl tasks check quickstart --json > plays.json

exit codes: 0 all is proved; 1 something is wrong with a task; 2 bad input, or a machine that can't be had;
130 interrupted (machines ended)
"""
