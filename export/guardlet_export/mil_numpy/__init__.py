"""Evaluates a saved Core ML package with NumPy, where Core ML itself cannot run.

`program` reads a package's MIL program, `values` its constants, `operations` says what each
operation computes and `engine` scores windows with it.
"""
