# One image for every service, the front port and the preparation; compose says which of them a container is.
FROM python:3.11-slim

RUN useradd --create-home --uid 10001 throughcare && install -d -o throughcare -m 0700 /erasures
WORKDIR /app
COPY requirements/runtime.lock requirements/runtime.lock
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements/runtime.lock
COPY shared shared
COPY services services
COPY cli cli
# What a named volume is mounted on: it takes its owner from the image.
RUN install -d -o throughcare /home/throughcare/state /home/throughcare/state/anchors /home/throughcare/state/outbox

USER throughcare
ENV PYTHONUNBUFFERED=1 PYTHONPATH=/app THROUGHCARE_HOME=/home/throughcare/state
CMD ["python", "-m", "cli", "--help"]
