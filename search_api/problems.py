"""Errors as RFC 9457 problem details: one shape, stable types that the app itself explains."""

from dataclasses import dataclass
from difflib import get_close_matches

from starlette.responses import JSONResponse

from search_api.responses import Problem

PROBLEM_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """A kind of problem: its slug in the address, status, title, and what to do about it."""

    slug: str
    status: int
    title: str
    advice: str


KINDS = {
    kind.slug: kind
    for kind in (
        ProblemKind(
            "bad-parameter",
            400,
            "A parameter cannot be read",
            "Correct the parameter that `errors` names, then send the request again.",
        ),
        ProblemKind(
            "unknown-parameter",
            400,
            "There is no such parameter",
            "Remove it, or use the name that `errors` suggests. /docs lists all parameters.",
        ),
        ProblemKind(
            "query-too-long",
            400,
            "The query is too long",
            "Ask in fewer words; one thousand characters are read.",
        ),
        ProblemKind(
            "bad-cursor",
            400,
            "The cursor cannot be used",
            "Start again without a cursor. A cursor holds for one query and one generation.",
        ),
        ProblemKind(
            "bad-date",
            400,
            "A date cannot be read",
            "Write dates as 2011-03-17, 2011-03 or 2011.",
        ),
        ProblemKind(
            "unauthorized",
            401,
            "A token is needed",
            "Send the header `Authorization: Bearer TOKEN` with the token of this service.",
        ),
        ProblemKind(
            "forbidden",
            403,
            "This is switched off",
            "The owner of the service can switch it on in its settings.",
        ),
        ProblemKind(
            "too-slow",
            408,
            "The request came too slowly",
            "Send the whole body at once.",
        ),
        ProblemKind("not-found", 404, "There is nothing here", "Check the address; see /docs."),
        ProblemKind(
            "method-not-allowed",
            405,
            "This address does not take that method",
            "See /docs for the methods that it takes.",
        ),
        ProblemKind(
            "busy",
            409,
            "A re-index is running already",
            "Wait until it has ended; its status address says so.",
        ),
        ProblemKind(
            "gone",
            410,
            "Made from an older generation of the archive",
            "Ask again: the archive has been re-indexed since.",
        ),
        ProblemKind(
            "withdrawn",
            410,
            "This report is in the archive no longer",
            "Its file was taken out of the folder of reports; search for another copy of it.",
        ),
        ProblemKind(
            "too-many-requests",
            429,
            "More requests than this client may send",
            "Wait for as long as Retry-After says. The header RateLimit tells what is left; the "
            "owner of the service can give you a key with higher limits.",
        ),
        ProblemKind(
            "internal",
            500,
            "Something went wrong here",
            "Try again; if it happens again, tell the owner of the service the time and address.",
        ),
        ProblemKind(
            "not-ready",
            503,
            "No archive is open",
            "Build the index, or wait until it has been built; the service opens it by itself.",
        ),
        ProblemKind(
            "overloaded",
            503,
            "Too many searches are running",
            "Ask again in a second.",
        ),
    )
}


def problem(
    slug: str,
    detail: str,
    instance: str,
    errors: tuple[dict[str, str], ...] = (),
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """Return the response for a problem of a kind."""
    kind = KINDS[slug]
    body = Problem(
        type=f"/problems/{slug}",
        title=kind.title,
        status=kind.status,
        detail=detail,
        instance=instance,
        errors=errors,
    )
    return JSONResponse(
        body.model_dump(),
        status_code=kind.status,
        media_type=PROBLEM_TYPE,
        headers={"Cache-Control": "no-store"} | (headers or {}),
    )


def unknown_parameter(name: str, known: list[str]) -> dict[str, str]:
    """Return the entry of `errors` for a parameter that does not exist."""
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(known) or 'none'}"
    return {"param": name[:64], "value": "", "message": f"there is no such parameter; {hint}"}
