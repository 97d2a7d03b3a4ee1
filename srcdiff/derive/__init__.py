"""From a core program to its derivative program."""

from .callees import derived_helpers
from .faster import faster
from .helpers import Helpers, Reads
from .modes import forward
from .request import Derived, OneByOne, Request, docstring
from .reverse import reverse

__all__ = [
    "Derived",
    "Helpers",
    "OneByOne",
    "Reads",
    "Request",
    "derived_helpers",
    "docstring",
    "faster",
    "forward",
    "reverse",
]
