"""Loops and branches that depend on the data."""

from srcdiff import tape


def f(a):
    b = a * 2
    while b.norm() < 1000:
        b = b * 2
    return b if b.sum() > 0 else 100 * b


a = tape.tensor(-0.7, requires_grad=True)
d = f(a)
d.backward()
print(a.grad, a.grad == d / a)  # f is linear in pieces: f(a) = k a

v = tape.tensor([0.3, -2.0, 4.0], requires_grad=True)
d = f(v)
d.backward(tape.ones(3))
print(v.grad, (v.grad == d / v).all())
