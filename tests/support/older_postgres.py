"""The Postgres of a lab host brought down to an older major version, by hand, which no procedure does."""

from __future__ import annotations

from collections.abc import Collection

from tests.support.field import Field

HOME = "/srv/freqops/postgres"
# Everything out of the newer cluster, as text, into an older one. What the older one does not know of the settings of
# a session is an error that psql passes over.
DOWN = """
set -e
cd {home}
docker stop {bots}
docker exec freqops-postgres pg_dumpall --username postgres --clean --if-exists > /root/all.sql
docker stop --time 60 freqops-postgres
docker rm freqops-postgres
mv data data.was && mkdir -m 0700 data && chown 999:999 data
sed -i 's#^    image: .*#    image: "{image}"#' compose.yml
docker compose --file compose.yml pull --quiet
docker compose --file compose.yml up --detach --wait
docker exec --interactive freqops-postgres psql --username postgres --quiet < /root/all.sql > /root/all.log 2>&1
rm -r data.was /root/all.sql
docker start {bots}
"""


def bring_down(field: Field, image: str, bots: Collection[str]) -> None:
    """Bring the databases of a host into an older cluster; its bots are stopped meanwhile.

    Args:
        field: The host.
        image: The older image, as the host names it.
        bots: All bots that use Postgres there.
    """
    field.sh(DOWN.format(home=HOME, image=image, bots=" ".join(f"freqops-{bot}" for bot in bots)))
