"""The skills that come with the package.

Requirements have a floor and no ceiling: which versions a layer holds is resolved once and recorded in it
(`layer.json`), and a session sees that layer until it is removed.
"""

from __future__ import annotations

from claudebox_rl.session.skills.skill import Skill

EMAIL_SKILL = Skill(
    "email",
    "Send e-mail through SendGrid: plain text, HTML, attachments, templates",
    requirements=("sendgrid>=6.11",),
    config={"smtp_server": "smtp.sendgrid.net", "smtp_port": 587},
    instructions="""\
Use the Python package `sendgrid`. The key is in `$SENDGRID_API_KEY`; never print it.

```python
import os
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import Mail

client = SendGridAPIClient(os.environ["SENDGRID_API_KEY"])  # host="..." for a server other than SendGrid's
client.send(Mail(from_email="me@example.com", to_emails="you@example.com", subject="Hi", plain_text_content="Hello"))
```
The sender must be one that the account has verified. A network policy must allow `api.sendgrid.com`.
""",
)

POSTGRES_SKILL = Skill(
    "postgres",
    "Query and manage PostgreSQL databases: psql, pg_dump, and psycopg for Python",
    requirements=("psycopg[binary]>=3.2",),
    system_packages=("postgresql-client",),
    # What Debian has in /usr/bin is a script that looks for these in fixed places.
    install_cmd="""\
for program in psql pg_dump pg_restore pg_isready; do
  for found in "$CLAUDEBOX_SKILL"/system/usr/lib/postgresql/*/bin/$program /usr/lib/postgresql/*/bin/$program; do
    if [ -x "$found" ]; then claudebox-wrap "$found"; break; fi
  done
done
psql --version
""",
    instructions="""\
`psql "$DATABASE_URL" -c 'select 1'` for single queries (`-At` for bare values, `--csv` for tables); `pg_dump` and
`pg_restore` are there too. From Python, use psycopg 3, and give values as parameters:

```python
import psycopg
with psycopg.connect("host=127.0.0.1 port=5432 user=app dbname=app") as connection:
    rows = connection.execute("select name from people where age > %s", (30,)).fetchall()
```
""",
)

MYSQL_SKILL = Skill(
    "mysql",
    "Query and manage MySQL and MariaDB databases: the mariadb client, mariadb-dump, and PyMySQL for Python",
    requirements=("PyMySQL>=1.1",),
    system_packages=("mariadb-client",),
    instructions="""\
`mariadb -h 127.0.0.1 -P 3306 -u app --protocol=tcp app -e 'select 1'` (also as `mysql`; `-N -B` for bare values). The
password belongs into `$MYSQL_PWD`, not on the command line. From Python, give values as parameters:

```python
import pymysql
connection = pymysql.connect(host="127.0.0.1", port=3306, user="app", password="...", database="app")
with connection.cursor() as cursor:
    cursor.execute("select name from people where age > %s", (30,))
    print(cursor.fetchall())
```
""",
)

REDIS_SKILL = Skill(
    "redis",
    "Read and write Redis: redis-cli, and redis-py for Python",
    requirements=("redis>=5",),
    system_packages=("redis-tools",),
    instructions="""\
`redis-cli -h 127.0.0.1 -p 6379 get key`; a password belongs into `$REDISCLI_AUTH`. From Python:

```python
import redis
client = redis.Redis(host="127.0.0.1", port=6379, decode_responses=True)
client.set("key", "value", ex=60)
```
Use `scan_iter` rather than `keys` on servers that others use.
""",
)

API_SKILL = Skill(
    "api",
    "Call HTTP APIs from Python with requests and httpx",
    requirements=("requests>=2.32", "httpx[http2]>=0.27"),
    instructions="""\
`requests` for simple calls, `httpx` for HTTP/2 and asynchronous ones. Always give a `timeout`, and call
`raise_for_status()`. Both find a proxy in the environment by themselves; services on 127.0.0.1 are reached directly.
""",
)

AWS_SKILL = Skill(
    "aws",
    "Use Amazon Web Services: boto3 for Python and the aws command",
    requirements=("boto3>=1.35", "awscli>=1.36"),
    instructions="""\
`aws` is version 1 of the AWS CLI. Both find `$AWS_ACCESS_KEY_ID`, `$AWS_SECRET_ACCESS_KEY` and `$AWS_DEFAULT_REGION` by
themselves; never print the keys. `--endpoint-url` and `endpoint_url=` lead to a server other than Amazon's.

```python
import boto3
s3 = boto3.client("s3")
for page in s3.get_paginator("list_objects_v2").paginate(Bucket="bucket"):
    for item in page.get("Contents", []): print(item["Key"], item["Size"])
```
""",
)

DOCKER_SKILL = Skill(
    "docker",
    "Talk to a Docker daemon: the docker command and the SDK for Python",
    requirements=("docker>=7",),
    system_packages=("docker.io",),
    instructions="""\
There is no daemon in this machine: `$DOCKER_HOST` (such as `tcp://127.0.0.1:2375`) names the one to use, and both
`docker` and `docker.from_env()` heed it. `docker build` sends the folder's content to that daemon.
""",
)

SCRAPING_SKILL = Skill(
    "scraping",
    "Fetch and take apart web pages: BeautifulSoup, lxml, and a headless Chromium through Playwright",
    requirements=("beautifulsoup4>=4.12", "lxml>=5", "playwright>=1.47", "requests>=2.32"),
    system_packages=("chromium", "fonts-dejavu-core"),
    install_cmd="""\
chromium=$CLAUDEBOX_SKILL/system/usr/lib/chromium/chromium
if [ -x "$chromium" ]; then claudebox-wrap "$chromium"; fi
chromium --version
""",
    instructions="""\
Pages without scripts: `requests` and `BeautifulSoup(text, "lxml")`. Pages that need a browser: Playwright with the
Chromium that is installed here; `playwright install` is neither needed nor possible.

```python
import shutil
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    page = browser.new_page()
    page.goto("http://127.0.0.1:8000/")
    print(page.inner_text("body"))
    browser.close()
```
Where the network has a proxy, give it: `launch(..., proxy={"server": os.environ["https_proxy"]})`.
""",
)

DATA_SCIENCE_SKILL = Skill(
    "data_science",
    "Analyse data and draw plots with pandas, numpy, scipy, scikit-learn, matplotlib and seaborn",
    requirements=("pandas>=2.2", "numpy>=1.26", "matplotlib>=3.9", "seaborn>=0.13", "scikit-learn>=1.5"),
    env_vars={"MPLBACKEND": "Agg"},
    plain_env=("MPLBACKEND",),
    instructions="""\
There is no display: matplotlib draws with Agg. Save each plot with `plt.savefig("plot.png", dpi=120)` and close it.
Look at a table's `dtypes` and missing values before computing with it.
""",
)

BUILT_IN = (
    EMAIL_SKILL,
    POSTGRES_SKILL,
    MYSQL_SKILL,
    REDIS_SKILL,
    API_SKILL,
    AWS_SKILL,
    DOCKER_SKILL,
    SCRAPING_SKILL,
    DATA_SCIENCE_SKILL,
)
