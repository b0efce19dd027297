"""Ordinary commands, which no policy may stand in the way of."""

ORDINARY = [
    *r"""
git status
git add -A && git commit -m "Fix the parser's end"
git log --oneline -5
git diff HEAD~1 -- src/app.py | head -50
git checkout -b feature/x
git stash && git pull --rebase && git stash pop
git show $(git rev-parse HEAD) --stat
git -c user.name=me -c user.email=me@x.org commit -m x
git ls-files | xargs grep -n TODO
git config user.email "a@b.c"
pip install -r requirements.txt
pip install -e . -q 2>&1 | tail -3
python -m pip install --upgrade pip
python -m pytest -q | tail -5
python -m pytest tests/test_x.py::test_y -xvs 2>&1 | head -100
pytest -q --tb=short
python x.py --flag value
python3 scripts/run.py > out.txt 2>&1
PYTHONPATH=. python x.py
PYTHONPATH=src:tests python -m unittest discover
npm install
npm test -- --watch=false
npm run build && npm run lint
npx eslint src --fix
node index.js
make
make -j4 test
make clean && make all CFLAGS="-O2 -g"
ls -la
ls -la src/ tests/ 2>/dev/null || echo none
cat README.md
cat src/*.py | wc -l
head -n 20 file.txt; tail -n 5 file.txt
grep -rn "def main" src/ | head -20
grep -E '^(import|from) ' -r . --include=*.py | sort | uniq -c | sort -rn | head
rg -n 'TODO|FIXME' src
find . -name '*.py' | xargs wc -l
find . -type f -name '*.pyc' -not -path './.git/*'
find src -name '*.js' -exec grep -l require {} +
sed -i 's/foo/bar/g' src/app.py
sed -n '10,40p' src/app.py
sed -i -e 's/a/b/' -e '/^#/d' conf.ini
awk '{print $1, $2}' data.txt
awk -F, 'NR>1 {s += $3} END {print s}' data.csv
for f in *.py; do echo "$f"; python -m py_compile "$f"; done
for i in 1 2 3; do echo $i; done
while read -r line; do echo "$line"; done < names.txt
if [ -f package.json ]; then npm ci; else echo none; fi
[ -d build ] || mkdir build
[[ -f x.txt && -s x.txt ]] && cat x.txt
mkdir -p src/pkg && touch src/pkg/__init__.py
cd src && ls
cd src && python -m pytest -q && cd ..
(cd sub && make)
rm old.txt
rm -f build/app.o
rm -r build/tmp
rm ./*.log
cp a.txt b.txt
cp -r src backup
mv old.py new.py
chmod +x run.sh
chmod 644 file.txt
VAR=$(date); echo $VAR
NOW=$(date +%s) && echo "now: $NOW"
echo "hello" > out.txt
echo "a: $HOME" >> out.txt
printf '%s\n' one two > list.txt
echo $((1 + 2))
export FOO=bar && env | grep FOO
which python3; python3 --version
command -v node || echo "no node"
curl -s http://localhost:8000/health
curl -sSL https://example.org/data.json -o data.json
wget -q https://example.org/x.tar.gz && tar xzf x.tar.gz
tar czf out.tar.gz src
unzip -o a.zip -d out
diff -u a.txt b.txt || true
sort names.txt | uniq > u.txt
cut -d: -f1 names.txt | tr a-z A-Z
jq '.a.b' data.json
ps aux | grep python
kill %1
sleep 1 & wait
timeout 60 python slow.py
nohup python server.py > server.log 2>&1 &
time python x.py
source venv/bin/activate && pip list
. ./env.sh
bash build.sh
sh -c 'echo hi; ls'
bash -c "cd src && ls -la"
./run.sh --all
set -e; python x.py; echo done
set -euo pipefail
trap 'echo bye' EXIT
xargs -n1 echo < names.txt
cat names.txt | xargs -I{} echo "name {}"
echo '{"a": 1}' | python -m json.tool
python -c 'print(1 + 1)'
python3 -c "import json, sys; print(json.dumps({'a': 1}))"
cargo build --release && cargo test
go build ./... && go test ./...
docker ps
uv run pytest -q
test -f x && echo yes
stat -c %s file.txt
du -sh .
df -h
tee out.log < in.txt
ln -s a.txt link.txt
python x.py || { echo failed; exit 1; }
case "$1" in a) echo one;; *) echo other;; esac
f() { echo "$1"; }; f hello
echo "${FOO:-default}"
arr=(a b c); echo "${arr[@]}"
echo "it costs \$5 (rm is a word here)"
grep -n 'rm -rf' scripts/clean.sh
echo "never run rm -rf / here"
date -u +"%Y-%m-%d"
dos2unix file.txt
seq 1 10 | paste -sd+ | bc
ls | wc -l
true && false || echo x
sqlite3 app.db "select count(*) from t"
npm ls --depth=0 2>/dev/null | head
""".strip().split("\n"),
    "cat > x.py <<'EOF'\nprint('hi')\nEOF",
    "cat <<EOF > conf.yml\nname: $USER\nrun: rm -rf build\nEOF\ncat conf.yml",
    "cat > notes.md << 'EOF'\n# Notes\n- `rm -rf /` is bad\nEOF",
    "python - <<'EOF'\nimport json\nprint(json.dumps({}))\nEOF",
    'for f in $(ls src); do\n  echo "$f"\ndone',
    "git commit -m \"$(cat <<'EOF'\nFix it\n\nMore words (and brackets).\nEOF\n)\"",
    "cd src\nls\npython -m pytest -q 2>&1 |\n  tail -3",
    "# a comment\nls # another\n",
    'if grep -q x f; then\n  echo y\nelif [ -n "$A" ]; then\n  echo z\nfi',
]
