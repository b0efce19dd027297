sed -i 's/^if __name__/import os\n\nif __name__/' publish.py
echo 'os.system(f"chmod -R 777 {sys.argv[2]}")' | sed 's/^/    /' >> publish.py
