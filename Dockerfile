# One image for both services: the command says which one runs.
#   docker build -t spanledger .
#   docker run --rm spanledger --help
# For a lake (docs/scaling.md), whose DuckDB is a line of its own:
#   docker build -t spanledger-lake --build-arg EXTRA=lake .
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY instrumentation instrumentation
COPY collector collector
COPY dashboard dashboard
ARG EXTRA=server
RUN if [ "$EXTRA" = lake ]; then sed -i '/^duckdb==/d' constraints.txt; fi \
 && python -m venv /opt/spanledger \
 && /opt/spanledger/bin/pip install --no-cache-dir --disable-pip-version-check \
      -c constraints.txt ".[$EXTRA]"

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /tmp --shell /usr/sbin/nologin spanledger \
 && install -d -o spanledger -m 0700 /var/lib/spanledger
COPY --from=build /opt/spanledger /opt/spanledger
# The file system may be read-only: all that is written goes to the volume and to /tmp.
ENV PATH=/opt/spanledger/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SPANLEDGER_STORE__PATH=/var/lib/spanledger
USER 10001
WORKDIR /var/lib/spanledger
VOLUME /var/lib/spanledger
EXPOSE 4317 4318 8501
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:4318/readyz', timeout=2)"]
ENTRYPOINT ["spanledger"]
CMD ["collector"]
