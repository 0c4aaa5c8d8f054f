# Built in one stage and run from another, so that no build tool is in the image that runs.
FROM python:3.12-slim AS build
WORKDIR /src
RUN python -m venv /opt/lyceum
ENV PATH=/opt/lyceum/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
# First the lock alone: this layer is made again only when a dependency changes.
COPY requirements.lock .
RUN pip install --require-hashes --no-deps -r requirements.lock
COPY . .
RUN pip install --no-build-isolation --no-deps .

FROM python:3.12-slim
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin lyceum \
    && install -d -o lyceum -g lyceum /data
COPY --from=build /opt/lyceum /opt/lyceum
ENV PATH=/opt/lyceum/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    LYCEUM__DATABASE__URL=sqlite:////data/lyceum.db
USER lyceum
WORKDIR /data
VOLUME /data
ENTRYPOINT ["lyceum"]
CMD ["run"]
