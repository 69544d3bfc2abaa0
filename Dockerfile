FROM python:3.11-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md LICENSE ./
COPY watcher watcher
COPY db db
COPY config config
COPY docs docs
RUN python -m venv /opt/watcher && /opt/watcher/bin/pip install --no-cache-dir -c constraints.txt '.[postgres,cluster,apprise,fulltext]'
# Wheels exist for x86-64 and arm64; elsewhere the image has no compiler, and topics find by words alone.
RUN /opt/watcher/bin/pip install --no-cache-dir -c constraints.txt '.[meaning]' \
    || echo "The extra for meaning cannot be installed here: topics find by words alone. Everything else works."

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/watcher --create-home watcher \
    && install -d -o watcher /config
COPY --from=build /opt/watcher /opt/watcher
COPY --chown=watcher config /config
ENV PATH=/opt/watcher/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    WATCHER_CONFIG=/config \
    WATCHER_DATABASE_URL=sqlite:////var/lib/watcher/watcher.db
USER watcher
WORKDIR /var/lib/watcher
VOLUME ["/config", "/var/lib/watcher"]
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["watcher"]
CMD ["run"]
