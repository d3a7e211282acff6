#!/bin/bash
# The contract of the official image: make a cluster at the first start, run what lies in /docker-entrypoint-initdb.d, then become postgres.
set -Eeuo pipefail

INIT_DIR=/docker-entrypoint-initdb.d

fail() {
    echo "docker-entrypoint: $1" >&2
    exit 1
}

# Fill NAME from the file that NAME_FILE points to; both at once is an error.
from_file() {
    local name=$1 file_name="${1}_FILE"
    if [ -n "${!file_name:-}" ]; then
        [ -z "${!name:-}" ] || fail "both $name and $file_name are set"
        export "$name=$(<"${!file_name}")"
        unset "$file_name"
    fi
}

read_settings() {
    from_file POSTGRES_PASSWORD
    from_file POSTGRES_USER
    from_file POSTGRES_DB
    from_file POSTGRES_INITDB_ARGS
    export POSTGRES_USER=${POSTGRES_USER:-postgres}
    export POSTGRES_DB=${POSTGRES_DB:-$POSTGRES_USER}
    POSTGRES_HOST_AUTH_METHOD=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
    if [ -z "${POSTGRES_PASSWORD:-}" ] && [ "$POSTGRES_HOST_AUTH_METHOD" != trust ]; then
        fail "the database has no superuser password: set POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE"
    fi
}

make_cluster() {
    # shellcheck disable=SC2086  # POSTGRES_INITDB_ARGS is a list of words
    initdb --pgdata="$PGDATA" --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "${POSTGRES_PASSWORD:-}") ${POSTGRES_INITDB_ARGS:-}
    printf '\nhost all all all %s\n' "$POSTGRES_HOST_AUTH_METHOD" >>"$PGDATA/pg_hba.conf"
}

query() {
    psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --no-password --no-psqlrc "$@"
}

make_database() {
    if [ "$POSTGRES_DB" != postgres ]; then
        query --dbname postgres --set db="$POSTGRES_DB" <<<'CREATE DATABASE :"db";'
    fi
}

run_init_files() {
    local file
    for file in "$INIT_DIR"/*; do
        case "$file" in
            *.sh)
                echo "docker-entrypoint: running $file"
                # shellcheck source=/dev/null
                if [ -x "$file" ]; then "$file"; else . "$file"; fi
                ;;
            *.sql)
                echo "docker-entrypoint: running $file"
                query --dbname "$POSTGRES_DB" --file "$file"
                ;;
            *.sql.gz)
                echo "docker-entrypoint: running $file"
                gunzip -c "$file" | query --dbname "$POSTGRES_DB"
                ;;
            "$INIT_DIR/*") ;;
            *) echo "docker-entrypoint: ignoring $file" ;;
        esac
    done
}

first_start() {
    read_settings
    make_cluster
    pg_ctl --pgdata="$PGDATA" --options="-c listen_addresses=''" --wait --silent start
    make_database
    run_init_files
    pg_ctl --pgdata="$PGDATA" --mode=fast --wait --silent stop
    unset POSTGRES_PASSWORD
    echo "docker-entrypoint: PostgreSQL init process complete; ready for start up."
}

case "${1:-}" in
    -*) set -- postgres "$@" ;;
esac
[ "${1:-}" = postgres ] || exec "$@"

if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA" /run/postgresql
    find "$PGDATA" /run/postgresql \! -user postgres -exec chown postgres '{}' +
    chmod 0700 "$PGDATA"
    exec setpriv --reuid=postgres --regid=postgres --init-groups --inh-caps=-all -- "$0" "$@"
fi
mkdir -p "$PGDATA"
chmod 0700 "$PGDATA"
[ -s "$PGDATA/PG_VERSION" ] || first_start
exec "$@"
