"""Three products of matrices; everything else in the arrays that are there."""

import numpy as np


def value_and_grad(alpha, beta, a, b, c):
    product = a @ b
    out_bar = beta * c
    out_bar += alpha * product
    value = np.vdot(out_bar, out_bar)
    out_bar *= 2.0
    alpha_bar = np.vdot(product, out_bar)
    product_bar = np.multiply(alpha, out_bar, out=product)
    a_bar = product_bar @ b.T
    b_bar = a.T @ product_bar
    out_bar *= beta
    return value, alpha_bar, a_bar, b_bar, out_bar
