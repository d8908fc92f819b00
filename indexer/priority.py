"""A build gives way to the searches of an index that is served: these are waited for."""

import os
from pathlib import Path

from indexer.publishing import named_in_current

_NICE = 10  # a tenth of the processor where searches want all of it


def give_way(index_dir: Path) -> None:
    """Lower the priority of this process and its children where INDEX_DIR holds an index already.

    Without effect on systems that know no such priorities.
    """
    if hasattr(os, "nice") and named_in_current(index_dir):
        os.nice(_NICE)
