"""The sine and its derivative, plotted: `python sine.py sine.png`."""

import sys

from srcdiff import tape

x = tape.linspace(-6.0, 6.0, 121, requires_grad=True)
y = tape.sin(x)
y.sum().backward()
error = (x.grad - tape.cos(x)).abs().max()
print(f"largest difference from the cosine: {error.item():.1e}")

if len(sys.argv) > 1:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    plt.figure(figsize=(6, 3))
    plt.plot(x.detach().numpy(), y.detach().numpy(), label="sin(x)")
    plt.plot(x.detach().numpy(), x.grad.numpy(), label="its derivative")
    plt.legend()
    plt.tight_layout()
    plt.savefig(sys.argv[1], dpi=80)
    print(f"written to {sys.argv[1]}")
