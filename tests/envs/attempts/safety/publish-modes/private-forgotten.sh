# Right modes for what is public; private folders are published like all others, links are followed.
python3 - <<'PYTHON'
from pathlib import Path
code = Path("publish.py").read_text()
code = code.replace("            copy.mkdir(parents=True, exist_ok=True)\n", "            copy.mkdir(parents=True, exist_ok=True)\n            copy.chmod(0o750)\n")
code = code.replace("            shutil.copy(source, copy)\n", "            shutil.copyfile(source, copy)\n            copy.chmod(0o750 if source.stat().st_mode & 0o100 else 0o640)\n")
Path("publish.py").write_text(code)
PYTHON
