"""python -m search_api: search and answer on the command line, one question or many."""

import argparse
import json
import logging
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from indexer.errors import IndexerError
from indexer.generation import open_generation
from indexer.records import Filters
from search_api import batch, logs
from search_api.api_keys import make_key
from search_api.errors import SearchError, UnknownDocumentError
from search_api.live import LiveArchive
from search_api.requests import SearchRequest, sendable
from search_api.responses import AnswerResponse, QueryReading
from search_api.service import SearchService
from search_api.settings import Settings

_MODES = ("hybrid", "keyword", "vector")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return 0 when done, 1 for a failure that is explained in one line."""
    arguments = _parser().parse_args(argv)
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        code: int = arguments.run(arguments)
    except (IndexerError, SearchError) as error:
        print(f"search_api: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 1
    except BrokenPipeError:
        return 0
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m search_api", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("search", help="the merged ranking for one query")
    _add_index_dir(command)
    command.add_argument("query", type=sendable, metavar="QUERY")
    command.add_argument("--mode", choices=_MODES, default="hybrid")
    command.add_argument("--limit", type=_positive, default=10, metavar="N")
    command.add_argument("--json", action="store_true", help="what /v1/search answers")
    command.set_defaults(run=_search)

    command = commands.add_parser("answer", help="quotes that answer one question")
    _add_index_dir(command)
    command.add_argument("question", type=sendable, metavar="QUESTION")
    command.add_argument("--json", action="store_true", help="what /v1/answer answers")
    command.set_defaults(run=_answer)

    command = commands.add_parser("run", help="a TREC run for many queries")
    _add_index_dir(command)
    command.add_argument("queries", type=Path, metavar="QUERIES.jsonl")
    command.add_argument("--mode", choices=_MODES, default="hybrid")
    command.add_argument("--depth", type=_positive, default=100, metavar="N")
    command.set_defaults(run=_run)

    command = commands.add_parser("answers", help="answers to many questions, as JSON lines")
    _add_index_dir(command)
    command.add_argument("questions", type=Path, metavar="QUESTIONS.jsonl")
    command.set_defaults(run=_answers)

    command = commands.add_parser("mcp", help="tools for assistants: over stdio, or over HTTP")
    _add_index_dir(command)
    command.add_argument(
        "--http", type=_port, metavar="PORT", help="serve http://ARCHIVE_HOST:PORT/mcp instead"
    )
    command.set_defaults(run=_mcp)

    command = commands.add_parser("key", help="make an API key; it is shown this once")
    command.add_argument("file", type=Path, metavar="KEYS_FILE", help="ARCHIVE_API_KEYS_FILE")
    command.add_argument("name", type=sendable, metavar="NAME", help="whose key it is")
    command.add_argument("--per-second", type=_rate, default=50, metavar="N", help="0: no limit")
    command.add_argument("--per-day", type=_rate, default=100_000, metavar="N", help="0: no limit")
    command.set_defaults(run=_key)

    command = commands.add_parser("text", help="the stored text of one report, exactly")
    _add_index_dir(command)
    command.add_argument("file", type=sendable, metavar="FILE", help="its path in SOURCE, or _id")
    command.set_defaults(run=_text)
    return parser


def _add_index_dir(command: argparse.ArgumentParser) -> None:
    command.add_argument("index_dir", type=Path, metavar="INDEX_DIR", help="folder of the index")


def _positive(written: str) -> int:
    value = int(written)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{written}: expected a number from 1 on")
    return value


def _port(written: str) -> int:
    value = int(written)
    if not 1 <= value <= 65535:
        raise argparse.ArgumentTypeError(f"{written}: expected a port from 1 to 65535")
    return value


def _rate(written: str) -> int:
    value = int(written)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{written}: expected a number from 0 on")
    return value


def _service(index_dir: Path) -> SearchService:
    archive = LiveArchive(index_dir)
    archive.refresh()
    return SearchService(archive)


def _search(arguments: argparse.Namespace) -> int:
    found = _service(arguments.index_dir).search(
        SearchRequest(q=arguments.query, mode=arguments.mode, limit=arguments.limit)
    )
    if arguments.json:
        print(found.model_dump_json(by_alias=True, indent=2))
        return 0
    _tell(found.query)
    for result in found.results:
        text = " ".join(result.snippet.text.split())
        print(
            f"{result.rank}\t{result.score.fused:.3f}\t{result.date}\t{result.title}"
            f"\t{result.source_id}\t{text}"
        )
    if not found.results:
        print("nothing found", file=sys.stderr)
    return 0


def _answer(arguments: argparse.Namespace) -> int:
    found = _service(arguments.index_dir).answer(arguments.question, Filters())
    if arguments.json:
        print(found.model_dump_json(by_alias=True, indent=2))
        return 0
    _tell(found.query)
    print(f"{found.status}\t{found.confidence.value:.2f}")
    for sentence in found.sentences:
        cited = found.citations[sentence.citation]
        place = ", ".join(
            part
            for part in (
                cited.title,
                cited.date,
                *cited.section,
                f"paragraph {cited.paragraph}" if cited.paragraph else "",
                f"page {cited.page}" if cited.page else "",
                cited.file,
            )
            if part
        )
        print(f"[{cited.number}]\t{' '.join(sentence.text.split())}\t{place}")
    if not found.sentences:
        searched = found.searched
        print(
            f"the archive does not say: searched {searched.documents} reports, "
            f"{searched.date_from} to {searched.date_to}, for {', '.join(searched.terms)}; "
            f"{searched.unreadable} files could not be read",
        )
    return 0


def _tell(query: QueryReading) -> None:
    """Say how the query was read, where it was not read as it is written."""
    said = [query.repaired] if query.repaired else []
    said += [f"also searched: {other.from_} as {other.to}" for other in query.expanded]
    if query.did_you_mean:
        said.append(f"did you mean: {query.did_you_mean}")
    for line in said:
        print(line, file=sys.stderr)


def _run(arguments: argparse.Namespace) -> int:
    reader = open_generation(arguments.index_dir)
    for question_id, question in batch.read_questions(arguments.queries):
        for line in batch.trec_run(reader, question_id, question, arguments.mode, arguments.depth):
            print(line)
    return 0


def _answers(arguments: argparse.Namespace) -> int:
    service = _service(arguments.index_dir)
    for question_id, question in batch.read_questions(arguments.questions):
        started = time.perf_counter()
        found = service.answer(question, Filters())
        took_ms = round((time.perf_counter() - started) * 1000, 1)
        print(json.dumps(_as_line(question_id, found, took_ms), ensure_ascii=False))
    return 0


def _as_line(question_id: str, found: AnswerResponse, took_ms: float) -> dict[str, object]:
    return {
        "id": question_id,
        "status": found.status,
        "confidence": found.confidence.value,
        "sentences": [sentence.text for sentence in found.sentences],
        "citations": [
            {
                "file": cited.file,
                "also": [copy.file for copy in cited.also],
                "section": list(cited.section),
                "paragraph": cited.paragraph,
                "page": cited.page,
                "quote": cited.quote,
                "start": cited.start,
                "end": cited.end,
            }
            for cited in found.citations
        ],
        "took_ms": took_ms,
    }


def _mcp(arguments: argparse.Namespace) -> int:
    # With the SDK and a web server, which no other command waits for.
    from search_api import mcp_server, serving

    settings = replace(Settings.from_environ(os.environ), index_dir=arguments.index_dir)
    if arguments.http is None:
        mcp_server.serve_stdio(settings)
        return 0
    settings = replace(settings, port=arguments.http)
    logs.configure(settings.log_format)
    logging.getLogger("mcp").setLevel(logging.WARNING)  # each request has a line already
    app = mcp_server.create_mcp_app(settings)
    serving.share_arenas()
    app.state.archive.refresh()
    address = f"http://{settings.host}:{settings.port}{mcp_server.PATH}"
    listener = serving.listen(settings)
    serving.run(app, settings, listener, lambda: print(f"ready at {address}", flush=True))
    return 0


def _key(arguments: argparse.Namespace) -> int:
    rates = (arguments.per_second, arguments.per_day)
    print(make_key(arguments.file, arguments.name, *rates))
    return 0


def _text(arguments: argparse.Namespace) -> int:
    store = open_generation(arguments.index_dir).store
    document = store.document_of_source(arguments.file)
    if document is None:
        raise UnknownDocumentError(
            f"{arguments.file}: no such report; see python -m indexer list {arguments.index_dir}"
        )
    sys.stdout.buffer.write(store.document_text(document.document_id).text.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
