# The service with its pages. Reports are read from /reports, the index is kept in /index.
FROM python:3.11-slim

# Reads scanned pages.
RUN apt-get update && apt-get install -y --no-install-recommends tesseract-ocr tesseract-ocr-eng \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY requirements.lock .
# torch goes first, by its CPU build: with that in place nothing else asks for a CUDA one.
ARG PIP_ARGS=""
RUN pip install --no-cache-dir ${PIP_ARGS} "$(grep '^torch==' requirements.lock)" \
    && pip install --no-cache-dir ${PIP_ARGS} -r requirements.lock
COPY indexer indexer
COPY search_api search_api
COPY web web

RUN useradd --system archive && mkdir /index /reports && chown archive /index
USER archive
ENV ARCHIVE_INDEX_DIR=/index ARCHIVE_SOURCE_DIR=/reports ARCHIVE_HOST=0.0.0.0 ARCHIVE_LOG_FORMAT=json
# The one place that may be written besides the index, for libraries that keep something at home.
ENV HOME=/tmp
VOLUME /index
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/readyz')"]
CMD ["python", "-m", "web"]
