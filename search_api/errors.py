"""What can go wrong while answering a request.

SearchError                  base: `str(error)` is a sentence for the person who asked
├── BadRequestError          a parameter cannot be read: names it, its value, and what is expected
├── UnknownDocumentError     no document has this id
├── MovedDocumentError       the document has another id now
├── WithdrawnDocumentError   a document had this id, and has gone
├── UnknownAnswerError       no answer has this id
├── GoneError                made from a generation that is no longer served
├── NotReadyError            no whole generation is open
├── OverloadedError          too many searches are running
├── TooSlowError             a body takes too long to come
├── ReindexError             a re-index cannot be started
└── SettingsError            the environment holds a value that cannot be read
"""


class SearchError(Exception):
    """Base of everything that this package raises on purpose."""


class BadRequestError(SearchError):
    """A parameter cannot be read; `param` and `value` say which."""

    def __init__(self, param: str, value: str, message: str) -> None:
        super().__init__(message)
        self.param = param
        self.value = value


class UnknownDocumentError(SearchError):
    """No document of the open generation has this id."""


class MovedDocumentError(SearchError):
    """The document that had the id `old_id` has the id `new_id` now."""

    def __init__(self, old_id: str, new_id: str) -> None:
        super().__init__(f"the report {old_id} is called {new_id} now")
        self.old_id = old_id
        self.new_id = new_id


class WithdrawnDocumentError(SearchError):
    """A document had this id; the archive holds it no longer."""


class UnknownAnswerError(SearchError):
    """No answer has this id."""


class GoneError(SearchError):
    """What is asked for was made from a generation that is no longer served."""


class NotReadyError(SearchError):
    """No whole generation is open."""


class OverloadedError(SearchError):
    """As many searches are running as are allowed."""


class TooSlowError(SearchError):
    """The body of a request takes too long to come."""


class ReindexError(SearchError):
    """A re-index cannot be started."""


class SettingsError(SearchError):
    """The environment holds a value that cannot be read; the message names its key."""
