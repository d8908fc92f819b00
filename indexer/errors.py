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
├── ReaderError              the processes that read files do not start
└── EncoderError             the embedding model is missing, altered, or not the one that is named
"""

from enum import StrEnum


class Help(StrEnum):
    """What the owner of a file that cannot be read can do about it; coverage counts by these."""

    PASSWORD = "save a copy without the password"
    OCR = "install tesseract-ocr and tesseract-ocr-eng, then build again"
    FETCH = "fetch it again from its source"
    CONVERT = "save a copy as PDF"
    SPLIT = "split it"
    RETRY = "build with --retry to try it again"
    UNPACK = "unpack it"
    FORMAT = "save it as PDF, .docx, .odt, .html or .txt"
    EXTENSION = "give it the extension of its real format"


class IndexerError(Exception):
    """Base of everything that this package raises on purpose; the message is meant for people."""


class SourceError(IndexerError):
    """SOURCE is missing, empty, or not in a form that can be read."""


class EmptySourceError(SourceError):
    """SOURCE holds no reports."""


class UnreadableFileError(IndexerError):
    """One file could not be read; `str(error)` is the reason that coverage shows.

    It ends with `help`, what would help, where anything would.
    """

    def __init__(self, found: str, help: Help | None = None) -> None:
        joint = " " if found.endswith(", or") else "; "
        super().__init__(f"{found}{joint}{help}" if help else found)
        self.help = help


class ReaderError(IndexerError):
    """The processes that read files do not start."""


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
