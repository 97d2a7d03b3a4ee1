"""A value used as a constant."""

from srcdiff import tape

x = tape.arange(4.0, requires_grad=True)
y = x * x
u = y.detach()  # the same numbers, without their history
z = u * x
z.sum().backward()
print(x.grad == u)

x.grad.zero_()
y.sum().backward()  # y itself still has its history
print(x.grad == 2 * x)
