"""What `claudebox-rl machines --help` teaches."""

MACHINES_HELP = """\
A machine is written down before it starts (in ~/.claudebox/machines, or $CLAUDEBOX_HOME/machines) and ends with the
process that started it, its owner, unless it was made to be detached. What a killed owner left on disk is removed at
once where that was a Ray worker, else when the library starts a machine the next time, or by `reap`.

owner:
  alive       runs here: its machine is in use, and no command of ours touches it
  detached    gone, and its machine goes on, as it was made to: `BoxliteSandbox.attach` takes it over,
              `reap --detached` ends it
  dead        ended without stopping its machine: `reap` ends and removes it
  elsewhere   ran in another container or on another host that shares this folder: only `reap` there can tell

examples:
  claudebox-rl machines list
  claudebox-rl machines list --json | jq '.[] | select(.owner == "dead")'
  claudebox-rl machines reap --dry-run      # say what would be removed
  claudebox-rl machines reap
  claudebox-rl machines reap --detached     # end machines too that wait for somebody to come back
  claudebox-rl machines reap --nodes --ray-address auto     # on every node of the Ray cluster

exit codes: 0 all well, also where nothing was to be done; 1 something could not be removed; 2 bad input
"""
