"""Backward from a vector, two ways."""

from srcdiff import tape

x = tape.arange(4.0, requires_grad=True)
y = x * x
try:
    y.backward()
except RuntimeError as error:
    print(str(error).split(":")[0])

y.backward(gradient=tape.ones(len(y)))
print(x.grad)

x.grad = None
y = x * x
y.sum().backward()
print(x.grad)
