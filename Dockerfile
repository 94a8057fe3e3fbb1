# Two stages: the first installs from the lock file, the second carries only what runs.
FROM python:3.12-slim AS build
WORKDIR /src
COPY requirements.lock pyproject.toml README.md ./
RUN python -m venv /opt/intake && /opt/intake/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY intake intake
COPY parsers parsers
RUN /opt/intake/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.12-slim
RUN useradd --uid 10001 --no-create-home --home-dir /data intake && install -d -o intake -g intake -m 0700 /data
COPY --from=build /opt/intake /opt/intake
COPY config /etc/intake
ENV PATH=/opt/intake/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 INTAKE_REGISTER_DATABASE=/data/intake.db
USER intake
VOLUME /data
WORKDIR /data
# Loopback inside the container: put a reverse proxy with access control into the same network namespace.
HEALTHCHECK --interval=60s --timeout=5s --start-period=20s CMD ["intake", "healthcheck", "--config", "/etc/intake"]
ENTRYPOINT ["intake"]
CMD ["serve", "--config", "/etc/intake"]
