"""The skills for databases, each against a real server of this machine's loopback."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from server_parts import mariadb, postgres, redis
from skill_parts import use_with_port

from claudebox_rl.session.skills.builtin import MYSQL_SKILL, POSTGRES_SKILL, REDIS_SKILL

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
PASSWORD = "herd-of-zebras-7"
Server = Callable[[Path, str], AbstractContextManager[int]]

PSQL = (
    'psql -h 127.0.0.1 -p {port} -U app postgres -At -c "create table z(n int, t text); insert into z values '
    "(1,'Zebra'),(2,'Quagga'); select t from z order by n\""
)
PSYCOPG = (
    'python3 -c \'import psycopg; c = psycopg.connect("host=127.0.0.1 port={port} user=app dbname=postgres"); '
    'print(c.execute("select t from z where n = %s", (2,)).fetchall())\''
)
MARIADB = (
    'mariadb -h 127.0.0.1 -P {port} --protocol=tcp -u app -N -B app -e "create table z(n int, t text); insert into z '
    "values (1,'Zebra'),(2,'Quagga'); select t from z order by n\""
)
PYMYSQL = (
    'python3 -c \'import os, pymysql; c = pymysql.connect(host="127.0.0.1", port={port}, user="app", '
    'password=os.environ["MYSQL_PWD"], database="app"); u = c.cursor(); '
    'u.execute("select t from z where n = %s", (2,)); print(u.fetchall())\''
)
REDIS_CLI = "redis-cli -h 127.0.0.1 -p {port} set animal Zebra; redis-cli -h 127.0.0.1 -p {port} get animal"
REDIS_PY = (
    'python3 -c \'import os, redis; r = redis.Redis(host="127.0.0.1", port={port}, '
    'password=os.environ["REDISCLI_AUTH"], decode_responses=True); print(r.get("animal"))\''
)


@pytest.mark.parametrize(
    ("serve", "skill", "variable", "commands", "outputs"),
    [
        (postgres, POSTGRES_SKILL, "PGPASSWORD", (PSQL, PSYCOPG), ("Zebra\nQuagga", "[('Quagga',)]")),
        (mariadb, MYSQL_SKILL, "MYSQL_PWD", (MARIADB, PYMYSQL), ("Zebra\nQuagga", "(('Quagga',),)")),
        (redis, REDIS_SKILL, "REDISCLI_AUTH", (REDIS_CLI, REDIS_PY), ("OK\nZebra", "Zebra")),
    ],
    ids=["postgres", "mysql", "redis"],
)
async def test_a_real_database_is_queried(
    local_sandbox: str,
    skills_home: Path,
    tmp_path: Path,
    serve: Server,
    skill: object,
    variable: str,
    commands: tuple[str, ...],
    outputs: tuple[str, ...],
) -> None:
    with serve(tmp_path, PASSWORD) as port:
        given = skill.with_env(**{variable: PASSWORD})  # pyright: ignore[reportAttributeAccessIssue]
        show = f"echo the password is ${variable}"
        result = await use_with_port(port, [each.format(port=port) for each in (*commands, show)], given)
    *answers, shown = [call.output for call in result.action_log]
    for answer, output in zip(answers, outputs, strict=True):
        assert answer.endswith(output)
    assert shown == f"the password is ***{variable}***"
    assert PASSWORD not in repr(result)
