"""What `claudebox-rl sessions --help` teaches."""

SESSIONS_HELP = """\
A session that has a session_id is kept in ~/.claudebox/sessions (or $CLAUDEBOX_HOME/sessions, or below
--workspace-dir): its workspace, its history, what it used, and the agent's conversation. In Python:

  async with ClaudeBox(session_id="mine") as box:               # day one
      await box.code("Write a parser")
  async with ClaudeBox.reconnect("mine") as box:                # day two: another process, another machine
      await box.code("Now test it")                             # the agent remembers

state:
  open        a process has it, and no command of ours touches it
  closed      to be reconnected to
  broken      its record can't be read: `clean` keeps its workspace, with which the same id begins anew
  cleaned     only its workspace is left: `clean --workspace` removes that too

examples:
  claudebox-rl sessions list
  claudebox-rl sessions show mine                               # prompts, actions, results
  claudebox-rl sessions show mine --json | jq 'select(.kind == "action") | .input.command'
  claudebox-rl sessions clean mine                              # all but the workspace
  claudebox-rl sessions clean mine --workspace                  # all of it
  claudebox-rl sessions clean --older-than 30d --workspace      # what was not used for so long: s, min, h or d

exit codes: 0 all well; 2 bad input, no such session, or one that is open
"""
