"""Derivatives of derivatives."""

from srcdiff import tape

x = tape.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = (x**3).sum()
(first,) = tape.grad(y, x, create_graph=True)
(second,) = tape.grad(first.sum(), x, create_graph=True)
(third,) = tape.grad(second.sum(), x)
print(first)
print(second)
print(third)

# The product of the Hessian with a vector, without the Hessian.
v = tape.tensor([1.0, 0.0, -1.0])
z = x.prod() + (x * x).sum().log()
(g,) = tape.grad(z, x, create_graph=True)
(hv,) = tape.grad(g @ v, x)
print(hv)
