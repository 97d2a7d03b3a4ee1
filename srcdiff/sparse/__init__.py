"""Sparse derivatives: patterns read off the program, columns compressed by colouring, results as `scipy.sparse`."""

from .jacobian import SparseJacobian, Sparsity, sparsity
from .plan import is_sparse

__all__ = ["SparseJacobian", "Sparsity", "is_sparse", "sparsity"]
