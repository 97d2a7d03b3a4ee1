"""One linear layer with the binary cross entropy, and the graph that it records."""

from srcdiff import tape
from srcdiff.tape import functional

x = tape.ones(5)  # the input
y = tape.zeros(3)  # the expected output
tape.manual_seed(0)
w = tape.randn(5, 3, requires_grad=True)
b = tape.randn(3, requires_grad=True)
z = x @ w + b
loss = functional.binary_cross_entropy_with_logits(z, y)
print("z:", z.grad_fn.name(), " loss:", loss.grad_fn.name())

loss.backward()
print(b.grad)
print((w.grad == b.grad).all())  # every input is 1
print(tape.graph(loss, {"w": w, "b": b}))
