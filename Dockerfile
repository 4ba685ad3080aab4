# The image of Beam's workers, for --sdk_container_image: Beam's own with this
# package installed, so that a worker starts without pip or the internet.
#
#   docker build -t REGION-docker.pkg.dev/PROJECT/REPOSITORY/cityscapes:1 .
#   docker push REGION-docker.pkg.dev/PROJECT/REPOSITORY/cityscapes:1
#
# Python and Beam must be those of the environment that starts the job.
ARG BASE=apache/beam_python3.11_sdk:2.77.0
FROM ${BASE}

WORKDIR /opt/cityscapes-unet
COPY LICENSE README.md constraints.txt pyproject.toml setup.py ./
COPY preprocess preprocess
COPY schemas schemas
COPY trainer trainer

# What decides a shard's bytes is pinned; the rest stays as Beam chose it.
RUN grep -E "^(numpy|pillow|google-crc32c|isal)==" constraints.txt > pins.txt
RUN python -m pip install --no-cache-dir -c pins.txt .
RUN python -m pip check
RUN cd / && python -c "import preprocess.pipeline.write_shards"

# A worker needs no root: it installs nothing more, and reads and writes through
# the network and /tmp.  Where a runner mounts folders that only root can write
# to, build with --build-arg RUN_AS=root.
ENV RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT=1 HOME=/tmp
ARG RUN_AS=65534:65534
USER ${RUN_AS}

# Beam's boot program starts the worker.
ENTRYPOINT ["/opt/apache/beam/boot"]
