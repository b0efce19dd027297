"""What `claudebox-rl skills --help` teaches."""

SKILLS_HELP = """\
A skill is installed once for each root (the host's /usr, or an image), inside a machine of that root and never on the
host itself, into ~/.claudebox/skills (or $CLAUDEBOX_HOME/skills). Sessions see it read-only. The installation takes
packages from where this host's pip and apt take theirs; afterwards no network is needed.

examples:
  claudebox-rl skills list
  claudebox-rl skills show postgres
  claudebox-rl skills install postgres data_science
  claudebox-rl skills install my_package.skills:WEATHER --sandbox local --image $HOME/claudebox-image
  claudebox-rl rollout skills=[data_science] task=quickstart/data-question
  claudebox-rl skills clean data_science

exit codes: 0 all well; 2 bad input, or a skill that can't be installed
"""
