"""The job's steps, one PTransform a module.

Only references to files pass between the steps; pixels never do.
"""
