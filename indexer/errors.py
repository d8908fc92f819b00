"""What can go wrong while building, opening or reading an index.

IndexerError                 base: one line that says what was found, expected, and the next step
├── SourceError              SOURCE is missing, or not in a form that can be read
│   └── EmptySourceError     SOURCE holds no reports: emptied on purpose, or not mounted?
├── UnreadableFileError      one file could not be read; the run goes on and coverage explains it
├── IndexDirError            INDEX_DIR is not an index, or holds no generation
│   └── BuildLockedError     another process is writing to INDEX_DIR
├── GenerationError          a generation cannot be used
│   ├── FormatError          made by another version of the format: rebuild
│   ├── DamagedError         files are missing, changed, or belong to different generations
│   └── InaccessibleError    files cannot be read now (permissions, open files): nothing is lost
└── EncoderError             the embedding model is missing, altered, or not the one that is named
"""


class IndexerError(Exception):
    """Base of everything that this package raises on purpose; the message is meant for people."""


class SourceError(IndexerError):
    """SOURCE is missing, empty, or not in a form that can be read."""


class EmptySourceError(SourceError):
    """SOURCE holds no reports."""


class UnreadableFileError(IndexerError):
    """One file could not be read; `str(error)` is the reason that coverage shows."""


class IndexDirError(IndexerError):
    """INDEX_DIR is not an index, or holds no generation."""


class BuildLockedError(IndexDirError):
    """Another process is writing to INDEX_DIR."""


class GenerationError(IndexerError):
    """A generation cannot be used."""


class FormatError(GenerationError):
    """The generation was made by another version of the format."""


class DamagedError(GenerationError):
    """Files of the generation are missing, changed, or belong to another one."""


class InaccessibleError(GenerationError):
    """Files of the generation cannot be read now, which does not say that they are damaged."""


class EncoderError(IndexerError):
    """The embedding model is missing, altered, or not the one that the manifest names."""
