"""Read measure names as trec_eval and ranx spell them.

trec_eval joins a cutoff with `_` or `.` (`ndcg_cut_10`, `P.5`); ranx writes `@` for cutoffs, `-l` for the lowest
relevant grade and `.` for RBP's persistence (`ndcg@10`, `mrr@10-l2`, `rbp.80`).
"""

import re
from typing import Any

from bench.errors import MeasureError

_TREC_EVAL_WHOLE = {"map": "AP", "ndcg": "nDCG", "recip_rank": "RR", "bpref": "Bpref"}
_TREC_EVAL_CUT = {"map_cut": "AP", "ndcg_cut": "nDCG", "P": "P", "recall": "R", "success": "Success"}
_RANX = {
    "ndcg": "nDCG",
    "ndcg_burges": "nDCG",
    "mrr": "RR",
    "map": "AP",
    "precision": "P",
    "recall": "R",
    "hit_rate": "Success",
    "bpref": "Bpref",
}
ALIAS_NAMES = tuple(dict.fromkeys((*_TREC_EVAL_WHOLE, *_TREC_EVAL_CUT, *_RANX, "rbp")))

_TREC_EVAL = re.compile(r"(?P<name>[A-Za-z_]+)[._](?P<cutoff>\d+)", re.ASCII)
_RANX_FORM = re.compile(r"(?P<name>[a-z_]+)(?:@(?P<cutoff>\d+))?(?:-l(?P<rel>\d+))?", re.ASCII)
_RANX_RBP = re.compile(r"rbp[.@](?P<digits>\d+)(?:-l(?P<rel>\d+))?", re.ASCII)


def from_alias(text: str) -> dict[str, Any] | None:
    """Return the fields of the `Measure` that `text` names as trec_eval or ranx spell it, None when neither does.

    Raises `MeasureError` when the spelling is known and what it asks for does not exist here.
    """
    return _trec_eval(text) or _ranx(text)


def _trec_eval(text: str) -> dict[str, Any] | None:
    if text in _TREC_EVAL_WHOLE:
        return {"name": _TREC_EVAL_WHOLE[text]}
    match = _TREC_EVAL.fullmatch(text)
    if match is None or match["name"] not in _TREC_EVAL_CUT:
        return None
    return {"name": _TREC_EVAL_CUT[match["name"]], "cutoff": int(match["cutoff"])}


def _ranx(text: str) -> dict[str, Any] | None:
    rbp = _RANX_RBP.fullmatch(text)
    if rbp is not None:
        if rbp["rel"]:
            raise MeasureError("ranx keeps grades as gains in RBP with -l; write RBP(p=…,rel=…) for relevant or not")
        return {"name": "RBP", "p": float(f"0.{rbp['digits']}")}
    match = _RANX_FORM.fullmatch(text)
    if match is None or match["name"] not in _RANX:
        return None
    fields: dict[str, Any] = {"name": _RANX[match["name"]]}
    if match["rel"] and fields["name"] == "nDCG":
        raise MeasureError("nDCG is graded: it has no lowest relevant grade (-l)")
    if match["name"] == "ndcg_burges":
        fields["dcg"] = "exp-log2"
    return fields | {key: int(match[key]) for key in ("cutoff", "rel") if match[key]}
