"""Functions that a derivative calls as they are: the eager runtime records them, and leads adjoints back through them.

`shapes` says how the arguments and results of such a function are put together, `parts` are the functions that
generated code calls in its place, `marks` says which functions a user wants to be treated so.
"""
