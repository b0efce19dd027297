# Replaces names one after the other.
cat > mails/templates.py <<'PYTHON'
import html

from mails.errors import TemplateError


def render(template, data):
    for name, value in data.items():
        template = template.replace("{{" + name + "}}", html.escape(str(value)))
    if "{{" in template:
        raise TemplateError("left over")
    return template
PYTHON
