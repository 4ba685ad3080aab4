#!/bin/sh
# Measures training on this machine's GPUs; BUILD.md of the project says how.
#
#   ./run.sh [--small] [--results=DIR] [--stages=a,b,c,d,e] [--patience=N]
#
# PYTHON is the interpreter that has JAX and PyTorch, python3 where it is not
# set. Nothing outside this folder and DIR is written.
set -eu
kit=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
wanted=$(cat "$kit/python_version")
found=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
if [ "$found" != "$wanted" ]; then
  echo "error: $python is Python $found, the kit is for $wanted;" \
    "set PYTHON to such a one, or make the kit by" \
    "make gpu-kit KIT_PYTHON=$found" >&2
  exit 2
fi
if ! "$python" -c 'import jax' 2>/dev/null; then
  echo "error: $python has no JAX; set PYTHON to one that has" >&2
  exit 2
fi
if [ ! -d "$kit/site" ]; then
  for wheel in "$kit"/wheels/*.whl; do
    "$python" -m zipfile -e "$wheel" "$kit/site.new"
  done
  mv "$kit/site.new" "$kit/site"
fi
export PYTHONPATH="$kit/project:$kit/site"
exec "$python" -m benchmarks.gpu_kit.run --kit_dir="$kit" "$@"
