"""What `claudebox-rl rollout --help` teaches."""

ROLLOUT_HELP = """\
settings are KEY=VALUE, in any order; these are the ones most used:

  task=quickstart            a suite; or quickstart/fix-bug, a folder, or a list: 'task=[a,b]'
                             generated: procedural/sql-3-0..99 (family, difficulty, seeds; docs/procedural.md)
  model=oracle               who answers the agent: oracle (plays the task's own solution: no key, no network),
                             nop (does nothing), scripted (turns from a YAML file: model.options.script=FILE),
                             anthropic (the real API; key from ANTHROPIC_API_KEY, model.name=sonnet),
                             openai (a chat completions server: model.name=NAME model.options.base_url=URL)
  seat=user                  what the policy plays: user, model (it answers the CLI's requests), tool (it supervises
                             the CLI's tools), shell (it works in a shell itself); chooses policy, agent and model too
  policy=instruction         who plays: instruction (gives the task's instruction, then submits), scripted
                             (policy.options.script=FILE), random, llm (policy.options.model=anthropic)
  agent=claude               claude (the real CLI), oracle (runs solve.sh, no model), nop,
                             careless (leaves out agent.error_rate of the solution's edits)
  agent.max_turns=100        also agent.timeout_s, agent.max_budget_usd, agent.tools='[Bash,Read]'
  sandbox=auto               auto (boxlite where a micro-VM runs, else local), local, boxlite,
                             unsafe (no isolation: only for code that you trust)
  sandbox.network=restricted with sandbox.allowed_hosts='[pypi.org,"*.pythonhosted.org"]'; or none, or full;
                             by default what the task says
  reward=efficiency          what is added to the verifier's verdict: success, efficiency, safety, code_quality, custom,
                             rubric, step_penalty, time_penalty, cost_penalty, tests_passed_delta, shaping, clip,
                             verifier (itself, by its parts); a list: 'reward=[success,{name: clip, kwargs: {low: 0}}]';
                             or weights: 'reward={verifier: 1, efficiency: 0.2}'
  budget.model_calls=50      what one episode may use of its model; also budget.input_tokens, .output_tokens, .cost_usd,
                             .wall_s and .concurrent_calls
  max_steps=16               steps of one episode; by default what the seat says
  rollout.num_workers=2      Ray actors that play; 0: in this process, without Ray
  rollout.episodes_per_task=1
  rollout.group_size=8       episodes that begin in one prepared state, by forks of it; with rollout.branch_at=2 the
                             first one plays two steps, and the others branch off from there
  seed=0
  run=exp1                   the run's id; started again with the same id, only what is missing is played (default: the
                             time); `--resume FOLDER` goes on with the settings that are stored there
  out=rollouts/<run>         the dataset's folder, or its URI: s3://bucket/runs

examples:
  claudebox-rl rollout
  claudebox-rl rollout task=quickstart/fix-bug model=anthropic rollout.num_workers=0
  claudebox-rl rollout rollout.num_workers=4 rollout.episodes_per_task=8 seed=1 out=my-dataset
  claudebox-rl rollout run=exp1 rollout.episodes_per_task=8; claudebox-rl rollout --resume rollouts/exp1
  claudebox-rl rollout --config model=nop      # print the settings, play nothing
"""
