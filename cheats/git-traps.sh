# Makes the workspace a repository whose hooks, filters, pager and file monitor forge the verdict, as does ~/.gitconfig.
mkdir -p .git/hooks .git/objects .git/refs/heads
printf 'ref: refs/heads/main\n' > .git/HEAD
printf '#!/bin/sh\n%s\nexit 0\n' "$FORGE_SH" > .git/forge; chmod 755 .git/forge
for hook in pre-commit post-checkout post-merge pre-applypatch post-index-change fsmonitor-watchman reference-transaction; do
  cp .git/forge ".git/hooks/$hook"
done
cat > .git/config <<CONFIG
[core]
	repositoryformatversion = 0
	fsmonitor = $PWD/.git/forge
	hooksPath = $PWD/.git/hooks
	pager = $PWD/.git/forge
	sshCommand = $PWD/.git/forge
	editor = $PWD/.git/forge
[diff]
	external = $PWD/.git/forge
[filter "forge"]
	clean = $PWD/.git/forge
	smudge = $PWD/.git/forge
CONFIG
cp .git/config ~/.gitconfig
echo '* filter=forge diff=forge' > .gitattributes
command -v git >/dev/null && git status >/dev/null 2>&1
true
