# The exporter on top of a Python image. docs/install-image.md says how to build, run
# and check it. Nothing here needs a shell once the image is built.

ARG PYTHON_IMAGE=docker.io/library/python:3.12-slim-bookworm

# checkov:skip=CKV_DOCKER_7: the tag is that of the argument
FROM ${PYTHON_IMAGE} AS build

# What the program starts with is compiled here, as nothing can be written later, and
# outside the trees it belongs to: official images have no bytecode of the library.
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_NO_INPUT=1 \
    PIP_ROOT_USER_ACTION=ignore \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONHASHSEED=0

WORKDIR /build
RUN python3 -m venv tools \
    && python3 -m venv --without-pip /opt/tm-exporter \
    && mkdir /state

COPY requirements.txt requirements-build.txt ./
RUN tools/bin/pip install --no-compile --require-hashes --requirement requirements-build.txt \
    && tools/bin/pip --python /opt/tm-exporter/bin/python \
        install --no-compile --require-hashes --requirement requirements.txt

COPY pyproject.toml README.md LICENSE ./
COPY docs/tm-exporter.1 docs/
COPY docs/runbooks docs/runbooks
COPY tm_exporter tm_exporter
ARG SOURCE_DATE_EPOCH=1767225600
RUN tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && tools/bin/pip --python /opt/tm-exporter/bin/python install --no-compile --no-deps dist/*.whl \
    && PYTHONPYCACHEPREFIX=/opt/tm-exporter/pycache /opt/tm-exporter/bin/python -m compileall \
        -q --invalidation-mode unchecked-hash -x '/(tests?|idlelib|lib2to3|ensurepip|tkinter|turtledemo|(dist|site)-packages/pip)/' \
        "$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" /opt/tm-exporter/lib \
    && rm -f /opt/tm-exporter/bin/activate* /opt/tm-exporter/bin/Activate* \
    && find /opt/tm-exporter /state -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH}" {} +


FROM ${PYTHON_IMAGE}

ARG VERSION=0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="tm-exporter" \
      org.opencontainers.image.description="Monitoring daemon and Prometheus exporter for the Tensormesh inference service" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

ENV PATH=/opt/tm-exporter/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPYCACHEPREFIX=/opt/tm-exporter/pycache \
    STATE_DIRECTORY=/var/lib/tm-exporter

COPY --from=build /opt/tm-exporter /opt/tm-exporter
COPY --from=build --chown=65532:65532 /state /var/lib/tm-exporter

# Nobody of this machine. The ledger of what was spent is all that has to be kept.
USER 65532:65532
WORKDIR /var/lib/tm-exporter
VOLUME /var/lib/tm-exporter
EXPOSE 9877
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["tm-exporter", "healthcheck"]

ENTRYPOINT ["tm-exporter"]
CMD ["run"]
