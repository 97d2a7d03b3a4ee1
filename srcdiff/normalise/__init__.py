"""From raw IR to the core program: exits in tail position, types known, callees inlined, one variable per web."""

from .core import Core
from .exits import negated, single_exit
from .specialise import specialise
from .webs import split_webs, web_types

__all__ = ["Core", "negated", "single_exit", "specialise", "split_webs", "web_types"]
