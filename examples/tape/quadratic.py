"""A quadratic, minimised by gradient descent in 500 steps."""

from srcdiff import optim, tape

A = tape.tensor([[3.0, 1.0], [1.0, 2.0]])
b = tape.tensor([1.0, -2.0])
x = tape.zeros(2, requires_grad=True)
optimizer = optim.SGD([x], lr=0.1, momentum=0.5)
for step in range(500):
    optimizer.zero_grad()
    loss = 0.5 * x @ A @ x - b @ x
    loss.backward()
    optimizer.step()
    if step in (0, 9, 99, 499):
        print(f"step {step + 1:3d}: {loss.item():.12f}")
print(x)  # the solution of A x = b is (0.8, -1.4)
