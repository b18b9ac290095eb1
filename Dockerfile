# The application in an image; docker-compose.yml adds what it stands on.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PYTHONPATH=/srv/tonari \
    TONARI_DATA_DIR=/var/lib/tonari
WORKDIR /srv/tonari

# The locked packages first: they change less often than the source.
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes --requirement requirements.lock \
 && useradd --system --home-dir /var/lib/tonari --create-home tonari

COPY pyproject.toml ./
COPY migrations migrations
COPY printables printables
COPY sync sync
COPY reservations reservations
RUN python -m compileall -q printables sync reservations

USER tonari
VOLUME /var/lib/tonari
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-c", \
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/api/v1/node', timeout=4)"]
ENTRYPOINT ["python", "-P", "-m", "reservations.cli"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
