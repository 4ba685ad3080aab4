# Two commands: `make demo` and `make test`. Both install what they need into
# .venv; Python 3.11 to 3.13 with venv is all that has to be there.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
UV ?= uv

# Into an environment: what a lock file names, then the project itself.
define install_locked
$(1)/bin/python -m pip --disable-pip-version-check install -q \
  --require-hashes -r $(2)
$(1)/bin/python -m pip --disable-pip-version-check install -q \
  --no-deps --no-build-isolation -e .
endef

BASE_WITHOUT_ABSL := import tomllib; \
  project = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
  print(*(d for d in project['dependencies'] if 'absl' not in d), sep='\n')

# A tree of your own: CITYSCAPES_ROOT=/data/cityscapes make demo
CITYSCAPES_ROOT ?=
DEMO_DIR ?= $(if $(CITYSCAPES_ROOT),demo-cityscapes,demo)
DEMO_ROOT := $(or $(CITYSCAPES_ROOT),$(DEMO_DIR)/cityscapes)

# Of the GPU machine that `make gpu-kit` packs for.
KIT_PYTHON ?= 3.12
# Of its pictures, in Cityscapes' layout; drawn scenes without.
CAMVID_ROOT ?=

.PHONY: demo test test-gcs test-dataflow test-dask test-s3 test-jax \
  test-gpu-image test-readers gpu-kit test-gpu-kit lint test-faults fuzz soak format install install-test lock clean

demo: install
ifeq ($(CITYSCAPES_ROOT),)
	$(BIN)/python -m preprocess.sample --output_dir=$(DEMO_ROOT) --overwrite \
	  --num_train=160 --num_val=16 --image_size=256x512
endif
	$(BIN)/python -m preprocess.main --cityscapes_root=$(DEMO_ROOT) \
	  --output_dir=$(DEMO_DIR)/records --overwrite \
	  --image_size=256x512 --limit=160
	rm -rf $(DEMO_DIR)/run $(DEMO_DIR)/predictions
	$(BIN)/python -m trainer.task --mode=train --flagfile=configs/demo.flags \
	  --data_dir=$(DEMO_DIR)/records --model_dir=$(DEMO_DIR)/run
	$(BIN)/python -m trainer.task --mode=predict --limit=8 \
	  --model_dir=$(DEMO_DIR)/run --output_dir=$(DEMO_DIR)/predictions \
	  --input="$(DEMO_ROOT)/leftImg8bit/val"
	$(BIN)/python -m trainer.task --mode=evaluate \
	  --data_dir=$(DEMO_DIR)/records --model_dir=$(DEMO_DIR)/run
	@echo "overlays: $(DEMO_DIR)/predictions/overlay/*.png"
	@echo "image, truth, prediction: $(DEMO_DIR)/run/pictures/*.png"
	@echo "data set: $(DEMO_DIR)/records/index.html"

test: install-test lint
	$(BIN)/python -m pytest -n 2 --dist=worksteal

# Tests that need heavy packages, in environments of their own.
test-gcs test-dataflow: test-%: .venv-gcs/installed
	.venv-gcs/bin/python -m pytest tests/extra/test_$**.py

test-dask: .venv-dask/installed
	.venv-dask/bin/python -m pytest tests/extra/test_dask.py

test-jax: .venv-jax/installed
	.venv-jax/bin/python -m pytest tests/extra/test_jax_devices.py \
	  tests/extra/test_jax_losses.py tests/extra/test_processes.py

test-s3: .venv-s3/installed
	.venv-s3/bin/python -m pytest tests/extra/test_s3.py

# The lines of Dockerfile.gpu, in an environment that is made for them.
test-gpu-image: install-test
	GPU_IMAGE=1 $(BIN)/python -m pytest tests/extra/test_gpu_image.py

.venv-%/installed: requirements/%.txt pyproject.toml setup.py
	$(PYTHON) -m venv .venv-$*
	$(call install_locked,.venv-$*,$<)
	touch $@

# Not locked: one of the readers wants an older absl than the project, which is
# imported from the checkout; the rest of what it needs is read from its
# metadata.
test-readers: .venv-readers/installed
	.venv-readers/bin/python -m pytest tests/extra/readers

.venv-readers/installed: requirements/readers.in pyproject.toml
	$(PYTHON) -m venv .venv-readers
	$(PYTHON) -c "$(BASE_WITHOUT_ABSL)" > .venv-readers/base.txt
	.venv-readers/bin/python -m pip install -q -r $< -r .venv-readers/base.txt
	touch $@

# One archive that measures training on a machine with a GPU; see BUILD.md.
gpu-kit: install
	$(BIN)/python -m benchmarks.gpu_kit.pack --output=dist/gpu-kit.tar.gz \
	  --python_version=$(KIT_PYTHON) --camvid_root=$(CAMVID_ROOT)

# The kit on this machine, small, in an environment that has JAX alone. On a
# busy machine PATIENCE=3 gives every stage three times its limit.
test-gpu-kit: KIT_PYTHON = $(shell .venv-kit/bin/python -c \
  'import sys; print("%d.%d" % sys.version_info[:2])')
test-gpu-kit: install-test .venv-kit/installed gpu-kit
	KIT=dist/gpu-kit.tar.gz BARE_PYTHON=.venv-kit/bin/python \
	  $(BIN)/python -m pytest tests/extra/test_gpu_kit.py

.venv-kit/installed: constraints.txt
	$(PYTHON) -m venv .venv-kit
	.venv-kit/bin/python -m pip install -q -c $< jax
	touch $@

# Ten kills of a training instead of three, and a table of all faults.
test-faults: install-test
	FAULTS=all $(BIN)/python -m pytest tests/faults

# 20,000 cases each of hostile pictures, names, manifests, records; more than an
# hour on a busy machine.
fuzz: install-test
	FUZZ_CASES=20000 $(BIN)/python -m pytest tests/fuzz tests/preprocess/records/test_png.py

# 50,000 frames through conversion and three epochs; three minutes.
soak: install
	$(BIN)/python -m benchmarks.soak

lint: install-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

format: install-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

install: $(VENV)/installed
install-test: $(VENV)/installed-test

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(BIN)/python requirements/trainer.txt pyproject.toml setup.py
	$(call install_locked,$(VENV),requirements/trainer.txt)
	touch $@

$(VENV)/installed-test: $(BIN)/python requirements/test.txt pyproject.toml setup.py
	$(call install_locked,$(VENV),requirements/test.txt)
	touch $@ $(VENV)/installed

# Writes requirements/*.txt anew: constraints.txt's versions, with hashes.
lock: $(addprefix lock-,$(basename $(notdir $(wildcard requirements/*.txt))))

lock-trainer: EXTRAS = trainer pretrained
lock-test: EXTRAS = trainer pretrained video test
lock-gpu: EXTRAS = trainer gpu pretrained
lock-gcs: EXTRAS = trainer gcp
lock-gcs: PACKAGES = gcp-storage-emulator pytest
lock-dask: EXTRAS = dask
lock-dask: PACKAGES = pytest
lock-jax: EXTRAS = trainer jax
lock-jax: PACKAGES = pytest
lock-s3: EXTRAS = trainer aws
lock-s3: PACKAGES = moto[server] pytest

lock-%:
	printf '%s\n' "setuptools>=77" $(PACKAGES:%="%") | $(UV) pip compile -q - pyproject.toml \
	  $(EXTRAS:%=--extra %) -c constraints.txt --universal \
	  --python-version 3.11 --generate-hashes --no-annotate \
	  --custom-compile-command "make lock" -o requirements/$*.txt

clean:
	rm -rf $(VENV) .venv-* demo demo-cityscapes demo-quickstart build dist *.egg-info
