"""A bill with a dearer second tier: a ternary."""


def water_bill(use, price, surcharge):
    cost = price * use if use < 100.0 else 100.0 * price + surcharge * (use - 100.0)
    return cost * 1.07


ARGS = (130.0, 1.8, 2.9)
ALSO = ((80.0, 1.8, 2.9),)
