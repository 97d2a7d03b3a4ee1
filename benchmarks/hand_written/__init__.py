"""Derivatives of some kernels in plain NumPy, written by hand: what srcdiff's plain text could cost at best.

A module for each, named like the kernel: `value_and_grad(*args)` returns what srcdiff's derivative of it returns, for
kmeans the gradient and the diagonal of the Hessian.
"""
