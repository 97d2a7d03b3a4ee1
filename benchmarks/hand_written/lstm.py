"""One sigmoid for three gates; the products with the inputs, and the matrices' adjoints, once for all steps."""

import numpy as np


def value_and_grad(w_in, w_state, bias, x, target):
    steps, width = len(x), w_state.shape[1]
    gates = x @ w_in.T + bias
    h = np.zeros((steps + 1, width))
    c = np.zeros((steps + 1, width))
    shown = np.empty((steps, width))
    for t in range(steps):
        gate = gates[t]
        gate += w_state @ h[t]
        soft = gate[: 3 * width]
        soft[:] = 1.0 / (1.0 + np.exp(-soft))
        new = gate[3 * width :]
        np.tanh(new, out=new)
        c[t + 1] = soft[width : 2 * width] * c[t] + soft[:width] * new
        np.tanh(c[t + 1], out=shown[t])
        np.multiply(soft[2 * width :], shown[t], out=h[t + 1])
    error = h[1:] - target
    value = np.vdot(error, error)

    take, keep, show, new = (gates[:, k * width : (k + 1) * width] for k in range(4))
    slopes = gates * (1.0 - gates)
    slopes[:, :width] *= new
    slopes[:, width : 2 * width] *= c[:-1]
    slopes[:, 2 * width : 3 * width] *= shown
    slopes[:, 3 * width :] = take * (1.0 - new * new)
    through = show * (1.0 - shown * shown)
    error *= 2.0
    gates_bar = slopes.reshape(steps, 4, width)
    h_bar = error[-1]
    c_bar = np.zeros(width)
    for t in range(steps - 1, -1, -1):
        c_bar += through[t] * h_bar
        gates_bar[t, :2] *= c_bar
        gates_bar[t, 2] *= h_bar
        gates_bar[t, 3] *= c_bar
        c_bar *= keep[t]
        if t:
            h_bar = slopes[t] @ w_state + error[t - 1]
    return value, slopes.T @ x, slopes.T @ h[:-1], np.sum(slopes, axis=0)
