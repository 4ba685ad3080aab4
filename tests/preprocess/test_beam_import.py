import subprocess
import sys

_IN_A_FRESH_PROCESS = """
import gc, sys
from preprocess import beam_import
beam_import.import_beam()
assert "apache_beam" in sys.modules
assert not set(beam_import._NOT_NEEDED) & set(sys.modules)
assert gc.isenabled()
import pymongo
from apache_beam.io.gcp import bigquery
"""


def test_beam_comes_without_what_is_not_needed_and_hides_it_from_nobody():
    subprocess.run([sys.executable, "-c", _IN_A_FRESH_PROCESS], check=True)
