# The service with its pages. Reports are read from /reports, the index is kept in /index.
FROM python:3.11-slim

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
VOLUME /index
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/readyz')"]
CMD ["python", "-m", "web"]
