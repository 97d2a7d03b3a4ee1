"""Michaelis-Menten kinetics with a competing inhibitor: straight-line scalar code."""


def inhibited_rate(vmax, km, substrate, inhibitor, ki):
    apparent = km * (1.0 + inhibitor / ki)
    share = substrate / (apparent + substrate)
    return vmax * share


ARGS = (2.5, 0.4, 1.1, 0.3, 0.7)
