"""A kit that measures training on a bare machine with a GPU.

BUILD.md says how to make, carry and run it.
"""
