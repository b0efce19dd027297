# Lets the library read and write: comments and layout are gone.
cat > setup_tool/ini.py <<'PYTHON'
import configparser
import io

from setup_tool.errors import IniError


class Ini:
    def __init__(self, text):
        self.parser = configparser.ConfigParser(interpolation=None, strict=False, delimiters="=")
        try:
            self.parser.read_string("[ ]\n" + text)
        except configparser.Error:
            raise IniError(1) from None

    def get(self, section, key, default=None):
        return self.parser.get(section or " ", key, fallback=default)

    def sections(self):
        return [name for name in self.parser.sections() if name != " "]

    def keys(self, section):
        return list(self.parser[section or " "])

    def set(self, section, key, value):
        if not self.parser.has_section(section or " "):
            self.parser.add_section(section)
        self.parser.set(section or " ", key, value)

    def remove(self, section, key):
        return self.parser.remove_option(section or " ", key)

    def __str__(self):
        out = io.StringIO()
        self.parser.write(out)
        return out.getvalue().replace("[ ]\n", "")
PYTHON
