"""Which changes did it? Pure: same world and same outcomes, same questions and same finding. Imports only terms.

The search is driven by two calls: `select()` says what it wants to know, or what it found; `record()` tells it an
outcome. Its state is the raw observations alone: every `select()` thinks the whole matter through again from them.
"""

from mbisect.search.causes import Search
from mbisect.search.ladder import Ladder, Level
from mbisect.search.whole import Whole
from mbisect.search.world import World

__all__ = ["Ladder", "Level", "Search", "Whole", "World"]
