"""What can stop a measurement.

QualityError
├── SetError       a set is unknown, absent or malformed
├── ProductError   a product command failed, or printed what its contract forbids
└── RecordError    the recorded numbers cannot be read, or must not be replaced
"""


class QualityError(Exception):
    """Base of everything the harness raises on purpose."""


class SetError(QualityError):
    """An evaluation set is unknown, absent or malformed."""


class ProductError(QualityError):
    """A product command failed, or printed something its contract forbids."""


class RecordError(QualityError):
    """recorded.json cannot be read, or must not be replaced by this run."""
