"""The gradient of 2 x . x by a vector."""

from srcdiff import tape

x = tape.arange(4.0, requires_grad=True)
y = 2 * tape.dot(x, x)
print(y)
y.backward()
print(x.grad)
print(x.grad == 4 * x)

x.grad.zero_()  # gradients add up until they are reset
x.sum().backward()
print(x.grad)
