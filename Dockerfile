# The service for production: `serve`, `worker` and `migrate` are one image. PostgreSQL and the proxy are others'.
FROM python:3.12-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PATH=/opt/venv/bin:$PATH

# pg_dump and pg_restore as new as the server (`programmes backup`): Debian's own are older.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates postgresql-common \
    && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
    && apt-get install -y --no-install-recommends postgresql-client-18 && rm -rf /var/lib/apt/lists/*

COPY requirements/production.lock /tmp/production.lock
RUN python -m venv /opt/venv && pip install --no-deps --require-hashes -r /tmp/production.lock && rm /tmp/production.lock

WORKDIR /app
COPY pyproject.toml piccolo_conf.py ./
COPY programmes programmes
COPY templates templates
COPY static static
COPY locale locale
# What `programmes settings` tells.
COPY docs/settings.md docs/settings.md
# Compiled here once: the file system is read-only later, and every start would do it anew.
RUN pip install --no-deps --no-build-isolation -e . && python -m compileall -q programmes piccolo_conf.py

# A named volume takes over owner and mode of the folder it is first mounted on: nobody else reads the keys.
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin programmes \
    && install -d -o programmes -g programmes -m 700 /keys /ballot-keys /log-keys /backups /key-backups
USER programmes

EXPOSE 8000
ENTRYPOINT ["programmes"]
CMD ["serve", "--host", "0.0.0.0"]
