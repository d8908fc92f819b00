"""The tables of the passage store: a column of `documents` for each field of a Document."""

from dataclasses import fields

from indexer import abbreviation_table
from indexer.records import Document

POSITIONS_NAME = "positions.npy"  # for each row the position of its document

DOCUMENT_FIELDS = tuple(field.name for field in fields(Document))
_SQL_TYPES = {"ocr_confidence": "REAL"}
SCHEMA = f"""
CREATE TABLE documents (
    position INTEGER PRIMARY KEY,
    {", ".join(f"{name} {_SQL_TYPES.get(name, 'TEXT NOT NULL')}" for name in DOCUMENT_FIELDS)},
    name_key TEXT NOT NULL,
    first_row INTEGER NOT NULL,
    end_row INTEGER NOT NULL
);
CREATE TABLE texts (
    position INTEGER PRIMARY KEY,
    page_starts TEXT NOT NULL,
    properties TEXT NOT NULL,
    blocks BLOB NOT NULL,
    text TEXT NOT NULL
);
CREATE TABLE passages (
    row INTEGER PRIMARY KEY,
    document INTEGER NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    section TEXT NOT NULL,
    paragraph TEXT NOT NULL,
    page INTEGER,
    sentences BLOB NOT NULL,
    embedded BLOB NOT NULL
);
CREATE TABLE files (
    source_id TEXT PRIMARY KEY,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    document_ids TEXT NOT NULL,
    container TEXT NOT NULL,
    help TEXT NOT NULL,
    place INTEGER NOT NULL
);
CREATE TABLE stamps (
    source_id TEXT PRIMARY KEY,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL
);
CREATE TABLE former_documents (
    document_id TEXT PRIMARY KEY,
    source_id TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    successor_id TEXT NOT NULL
);
CREATE TABLE readings (
    position INTEGER PRIMARY KEY,
    described TEXT NOT NULL,
    declared TEXT NOT NULL,
    words BLOB NOT NULL,
    sketch BLOB NOT NULL
);
CREATE TABLE copies (
    group_id TEXT NOT NULL,
    document_id TEXT NOT NULL,
    source_id TEXT NOT NULL,
    relation TEXT NOT NULL,
    place INTEGER NOT NULL
);
CREATE TABLE names (short TEXT NOT NULL, long TEXT NOT NULL, count INTEGER NOT NULL);
CREATE TABLE counts (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE owner_table (digest TEXT NOT NULL, problems TEXT NOT NULL);
{abbreviation_table.SCHEMA}
"""
INDEXES = f"""
CREATE INDEX passage_embedded ON passages (embedded);
CREATE INDEX document_date ON documents (date);
CREATE INDEX document_sha256 ON documents (sha256);
CREATE INDEX document_name ON documents (name_key) WHERE name_key != '';
CREATE INDEX file_sha256 ON files (sha256);
CREATE INDEX file_container ON files (container) WHERE container != '';
CREATE INDEX file_duplicate ON files (reason) WHERE status = 'duplicate';
CREATE INDEX file_not_read ON files (source_id) WHERE status = 'unread' OR help != '';
CREATE INDEX reading_words ON readings (words) WHERE words != x'';
CREATE UNIQUE INDEX document_id ON documents (document_id);
CREATE UNIQUE INDEX document_source ON documents (source_id);
CREATE INDEX copy_document ON copies (document_id);
CREATE INDEX copy_group ON copies (group_id);
CREATE INDEX copy_source ON copies (source_id);
{abbreviation_table.INDEXES}
"""
