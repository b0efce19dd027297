"""What `claudebox-rl templates --help` teaches."""

TEMPLATES_HELP = """\
A template is a machine with tools for a kind of work, as a recipe (images/templates/NAME.toml): packages of Debian, npm
and PyPI upon the image of agents' machines. It is built once into an OCI layout folder below ~/.claudebox/templates
($CLAUDEBOX_TEMPLATES names another folder), which sandbox=local and sandbox=boxlite both boot. A changed recipe is
another template: `list` then says `not built`, and the older folder can be removed.

Building takes minutes, root, and `apt-get install debootstrap umoci`; packages come from where this machine's apt, npm
and pip take theirs. Ordinary users can use what root has built:

  sudo env CLAUDEBOX_TEMPLATES=/srv/templates claudebox-rl templates build web_dev
  export CLAUDEBOX_TEMPLATES=/srv/templates

examples:
  claudebox-rl templates list                     # what there is, what is built, and what it takes on disk
  claudebox-rl templates build web_dev            # its base is built first, once for all
  claudebox-rl templates build --all
  claudebox-rl templates check web_dev            # every tool answers, in a sandbox without a network
  claudebox-rl templates check web_dev --sandbox boxlite
  claudebox-rl rollout sandbox=local template=web_dev

In Python: ClaudeBox(template="web_dev"), or any image: template="python:3.12" (boxlite), template="/path/of/layout".

exit codes: 0 all well; 1 a tool did not answer; 2 bad input, something to build with is missing, or a build failed
"""
