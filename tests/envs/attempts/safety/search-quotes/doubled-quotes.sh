sed -i "s/'{name}'/'{name.replace(chr(39), chr(39) * 2)}'/; s/%{text}%/%{text.replace(chr(39), chr(39) * 2)}%/" shop.py
python3 -m unittest --quiet
