# Right in all but links: a link is taken for what it leads to.
sed 's/follow_symlinks=False/follow_symlinks=True/; s/os.lstat/os.stat/' "$SOLUTION/solve.sh" > /tmp/other.sh
bash /tmp/other.sh
