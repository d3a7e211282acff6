"""The rules of a major upgrade of a host's Postgres: what is refused, how much room it needs, what must be equal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..bot import postgres_major
from .full import MEBIBYTE, shown

# The new cluster and the dumps, each as large as all databases at most, and the log that an import writes meanwhile.
COPIES, SPARE = 2, 1024 * MEBIBYTE
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)
NEW, WORK = "data.new", "upgrade"
KEPT = re.compile(r"data\.([1-9][0-9])\.[0-9A-Za-z][0-9A-Za-z_.-]{0,79}", re.ASCII)
RECORD = ".json"  # beside a directory that is kept: what it was, and held
# Each fact of a cluster, and of each of its databases: a key and a value.
CLUSTER_FACTS = {
    "role": (
        "select rolname::text as key, format('superuser %s, inherits %s, makes roles %s, makes databases %s, "
        "logs in %s, replicates %s, bypasses rules %s, connections %s, valid until %s', rolsuper, rolinherit, "
        "rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, rolconnlimit, "
        "coalesce(rolvaliduntil::text, 'ever')) as value from pg_roles where rolname !~ '^pg_'"
    ),
    "password of role": (
        "select rolname::text as key, md5(coalesce(rolpassword, '')) as value from pg_authid where rolname !~ '^pg_'"
    ),
    "membership": (
        "select m.rolname || ' in ' || r.rolname as key, bool_or(a.admin_option)::text as value from pg_auth_members a "
        "join pg_roles m on m.oid = a.member join pg_roles r on r.oid = a.roleid "
        "where m.rolname !~ '^pg_' group by 1"
    ),
    "settings": (
        "select coalesce(r.rolname, 'all') || ' in ' || coalesce(d.datname, 'all') as key, "
        "array_to_string(s.setconfig, '; ') as value from pg_db_role_setting s "
        "left join pg_roles r on r.oid = s.setrole left join pg_database d on d.oid = s.setdatabase"
    ),
    "database": (
        "select d.datname::text as key, format('owner %s, connections %s, rights %s, %s', pg_get_userbyid(d.datdba), "
        "d.datconnlimit, (select string_agg(a::text, ', ' order by a::text) from unnest(d.datacl) a), "
        "case when d.datname = 'postgres' then '' else format('%s, %s, %s', pg_encoding_to_char(d.encoding), "
        "d.datcollate, d.datctype) end) as value from pg_database d where not d.datistemplate"
    ),
}
DATABASE_FACTS = {
    "extension": "select extname::text as key, '' as value from pg_extension",
    "schema": (
        "select nspname::text as key, pg_get_userbyid(nspowner)::text as value from pg_namespace "
        "where nspname !~ '^pg_' and nspname <> 'information_schema'"
    ),
    "object": (
        "select n.nspname || '.' || c.relname as key, "
        "c.relkind::text || ' of ' || pg_get_userbyid(c.relowner) as value from pg_class c "
        "join pg_namespace n on n.oid = c.relnamespace where n.nspname !~ '^pg_' "
        "and n.nspname <> 'information_schema' and not exists (select 1 from pg_depend e where e.objid = c.oid "
        "and e.classid = 'pg_class'::regclass and e.deptype = 'e')"
    ),
    "constraint": (  # those of columns that must not be null are constraints of their own in newer versions
        "select n.nspname || '.' || r.relname || ' ' || c.conname as key, c.contype::text as value "
        "from pg_constraint c join pg_class r on r.oid = c.conrelid join pg_namespace n on n.oid = r.relnamespace "
        "where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.contype <> 'n'"
    ),
    "function": (
        "select p.oid::regprocedure::text as key, pg_get_userbyid(p.proowner)::text as value from pg_proc p "
        "join pg_namespace n on n.oid = p.pronamespace where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' "
        "and not exists (select 1 from pg_depend e where e.objid = p.oid and e.classid = 'pg_proc'::regclass "
        "and e.deptype = 'e')"
    ),
    "sequence": (
        "select schemaname || '.' || sequencename as key, coalesce(last_value::text, 'not begun') as value "
        "from pg_sequences"
    ),
    "large objects": "select 'all' as key, count(*)::text as value from pg_largeobject_metadata",
}
# What no dump brings along, so that it is refused.
STAYS = (
    "select 'tablespace ' || spcname as told from pg_tablespace where spcname not in ('pg_default', 'pg_global') "
    "union all select 'replication slot ' || slot_name from pg_replication_slots "
    "union all select 'subscription ' || subname from pg_subscription "
    "union all select 'prepared transaction ' || gid from pg_prepared_xacts "
    "union all select 'closed database ' || datname from pg_database where not datallowconn and not datistemplate"
)
# Settings that somebody changed in the cluster itself: the new one has those of its own version.
CHANGED = "select distinct name as told from pg_file_settings where sourcefile like '%/postgresql.auto.conf'"
# Others that are connected: what they write meanwhile would be lost.
BUSY = (
    "select distinct coalesce(usename, 'somebody') || ' in ' || coalesce(datname, 'all') as told "
    "from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"
)
SECRET = ("password of role", "settings")

Facts = Mapping[str, Mapping[str, str]]


def no_upgrade(present: int, wanted: int) -> str:
    """Return why a version is none to upgrade to; empty where it is."""
    if wanted > present:
        return ""
    if wanted == present:
        return f"the image is Postgres {wanted}, as is the cluster: deploy.yml brings another image of the same version"
    return (
        f"the image is Postgres {wanted}, and the cluster is of {present}: there is no upgrade to an older version; "
        "-e action=undo takes an upgrade back whose old cluster is kept"
    )


def not_pinned(image: str) -> str:
    """Return why an image is none that may be brought up; empty where it may."""
    if postgres_major.PINNED.fullmatch(image):
        return ""
    return "the image must name its digest, name@sha256:…"


def without_room(size: int, free: int) -> str:
    """Return why there is too little room for a new cluster and its dumps; empty where there is enough."""
    needed = COPIES * size + SPARE
    if free >= needed:
        return ""
    return (
        f"{shown(free)} are left on the disk of /srv/freqops, and {shown(needed)} are needed, for the new cluster and "
        "the dumps beside the old one: make room"
    )


def kept_name(major: int, incident: str) -> str:
    """Return the name of the directory in which a cluster is kept."""
    return f"data.{major}.{incident}"


def strange_names(names: list[str]) -> str:
    """Return which databases have names that no database of freqops could have; empty where none has."""
    found = sorted(name for name in names if not NAME.fullmatch(name))
    if not found:
        return ""
    return f"databases with names that cannot be brought along: {', '.join(map(repr, found))}; rename or drop them"


def differences(what: str, before: Facts, after: Facts) -> Iterator[str]:
    """Yield a line for each fact that is not the same.

    Args:
        what: The cluster, or one of its databases.
        before: The facts of the old one.
        after: Those of the new one.
    """
    for kind in dict.fromkeys([*before, *after]):
        old, new = before.get(kind, {}), after.get(kind, {})
        for key in sorted({*old, *new}):
            if old.get(key) != new.get(key):
                values = "" if kind in SECRET else f": {_told(old, key)} before, {_told(new, key)} after"
                yield f"{what}: {kind} {key} is not the same{values}"


def _told(facts: Mapping[str, str], key: str) -> str:
    return (facts[key] or "there") if key in facts else "not there"
