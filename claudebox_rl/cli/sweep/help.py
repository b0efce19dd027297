"""What `claudebox-rl sweep --help` teaches."""

SWEEP_HELP = """\
settings are those of `claudebox-rl rollout`; one with several values is swept, in Hydra's syntax:

  model=oracle,nop           a list; 'reward=[success,safety],efficiency' is two values, of which one is a list
  agent.max_turns=range(5,20,5)      5, 10, 15
  'task=choice(quickstart/fix-bug,quickstart/parse-log)'
  'model=glob(o*)'           the shipped options that fit
  'agent.timeout_s=interval(60,600)' any number between, also int(interval(1,20)) and tag(log,interval(1,100)):
                             for sweep.search=optuna only

beside them:

  out=sweeps/<what>-<hash>   the sweep's folder; by default it follows from what is swept
  sweep.jobs=4               jobs at the same time; by default as many as have a processor for each of their workers
                             (rollout.num_workers); rollout.num_workers=0 plays in this process, one after another
  sweep.search=grid          every combination; or optuna (extra `sweep`): each next job is chosen by the finished ones
  sweep.trials=20            optuna: jobs to be finished; more of them go on with the same study
  sweep.maximize=mean_return optuna: a column of the table, or a list; sweep.minimize=cost_usd likewise
  sweep.seed=0               optuna: of the choices

A job is known by its settings. The same command again skips what is finished and plays only what is missing, whatever
killed it. A job that fails stops no other one. At the end: one table, also as sweep.csv and sweep.parquet, and one
dataset, whose `run_id` is the job's and whose overrides are columns of `load_dataset(...).with_overrides`.

examples:
  claudebox-rl sweep model=oracle,nop reward=success,efficiency task=quickstart
  claudebox-rl sweep --plan 'agent.max_turns=range(5,50,5)' rollout.episodes_per_task=8
  claudebox-rl sweep model=anthropic model.name=sonnet,haiku 'agent.max_turns=int(interval(5,50))' \\
      sweep.search=optuna sweep.trials=30 sweep.maximize=mean_return sweep.minimize=cost_usd
"""
