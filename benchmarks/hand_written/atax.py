"""Both rank-one terms of the matrix's adjoint in one product, so that it is written once."""

import numpy as np


def value_and_grad(a, x):
    product = a @ x
    y = product @ a
    y_bar = 2.0 * y
    product_bar = a @ y_bar
    a_bar = np.stack((product, product_bar), axis=1) @ np.stack((y_bar, x))
    return y @ y, a_bar, product_bar @ a
