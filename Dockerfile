# The agent as an image: two stages, no compiler, no root, nothing that is not pinned by hash.
#   docker build -t apportion . && docker run -v "$PWD:/work" apportion run
ARG BASE=python:3.12-slim-bookworm

FROM ${BASE} AS build
# pip reads these: a build without a network passes PIP_NO_INDEX=1 and a folder of wheels in PIP_FIND_LINKS.
ARG PIP_NO_INDEX
ARG PIP_FIND_LINKS
ARG PIP_DISABLE_PIP_VERSION_CHECK=1
ARG PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY requirements-build.lock requirements-image.lock ./
RUN python3 -m venv /build \
 && /build/bin/pip install --require-hashes --requirement requirements-build.lock \
 && python3 -m venv /opt/apportion \
 && /opt/apportion/bin/pip install --require-hashes --requirement requirements-image.lock
COPY pyproject.toml README.md LICENSE ./
COPY policies ./policies
COPY terraform_lint ./terraform_lint
COPY reports ./reports
COPY agent ./agent
RUN /build/bin/hatchling build --target wheel --directory /dist \
 && /opt/apportion/bin/pip install --no-deps --no-index /dist/*.whl \
 && /opt/apportion/bin/pip uninstall --yes --quiet pip setuptools \
 && find /opt/apportion -name tests -type d -prune -exec rm -r {} + \
 && /opt/apportion/bin/python -m compileall -q /opt/apportion/lib

FROM ${BASE}
COPY --from=build /opt/apportion /opt/apportion
RUN useradd --uid 10001 --no-create-home --home-dir /work --shell /usr/sbin/nologin apportion \
 && install --directory --owner apportion --group apportion /work
ENV PATH=/opt/apportion/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /work
ENTRYPOINT ["apportion"]
CMD ["serve"]
