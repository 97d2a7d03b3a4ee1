"""Handwritten digits: a network of two layers, trained to over 95 % accuracy on images that it has not seen.

Needs scikit-learn, which has the 1797 images of 8 x 8 pixels.
"""

import numpy as np
from sklearn.datasets import load_digits

from srcdiff import optim, tape
from srcdiff.tape import functional

images, labels = load_digits(return_X_y=True)
order = np.random.default_rng(0).permutation(len(labels))
images, labels = images[order] / 16.0, labels[order]
train, test = slice(0, 1400), slice(1400, None)

tape.manual_seed(0)
w1 = (tape.randn(64, 64) * 0.15).requires_grad_()
b1 = tape.zeros(64, requires_grad=True)
w2 = (tape.randn(64, 10) * 0.15).requires_grad_()
b2 = tape.zeros(10, requires_grad=True)
parameters = [w1, b1, w2, b2]
optimizer = optim.Adam(parameters, lr=0.005)


def network(x):
    return functional.relu(x @ w1 + b1) @ w2 + b2


def accuracy(part):
    with tape.no_grad():
        found = network(tape.tensor(images[part])).argmax(dim=1)
    return float((found == tape.tensor(labels[part])).to(tape.float64).mean())


for epoch in range(1, 31):
    total = 0.0
    for start in range(0, 1400, 50):
        batch = slice(start, start + 50)
        optimizer.zero_grad()
        loss = functional.cross_entropy(network(tape.tensor(images[batch])), tape.tensor(labels[batch]))
        loss.backward()
        optimizer.step()
        total += loss.item()
    if epoch in (1, 10, 20, 30):
        print(f"epoch {epoch:2d}: loss {total / 28:.4f}, accuracy {accuracy(test):.3f}")
print("over 95 %:", accuracy(test) > 0.95)
