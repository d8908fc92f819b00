"""indexer.embedding: the build and the service see the same space."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense

from indexer.embedding import (
    BuildEncoder,
    EncoderSpec,
    OnnxEncoder,
    _batches,
    normalised,
    open_query_encoder,
    token_starts,
)
from indexer.errors import EncoderError
from indexer.generation import Generation, encoder_folder, open_generation

TEXTS = [
    "what happened with Operation Connect funding",
    "The Board agreed £4.7m for 2011-12.",
    "",
    "🙂 naïve café “quoted”",
    "word " * 400,
    "A",
]


@pytest.fixture(scope="module")
def exported(sample_index: Path) -> Path:
    return encoder_folder(open_generation(sample_index).folder)


@pytest.fixture(scope="module")
def query_encoder(exported: Path) -> OnnxEncoder:
    return OnnxEncoder(exported)


def test_the_exported_encoder_gives_the_vectors_of_the_build(
    encoder: BuildEncoder, query_encoder: OnnxEncoder
) -> None:
    ours, theirs = query_encoder.encode(TEXTS), encoder.encode(TEXTS)
    assert ours.shape == theirs.shape == (len(TEXTS), 384)
    assert ours.dtype == theirs.dtype == np.float32
    # 0.9999 in fp32; the build computes in bfloat16 where the processor has it.
    assert (ours * theirs).sum(axis=1).min() >= 0.999


def test_the_build_gives_the_vectors_of_sentence_transformers(encoder: BuildEncoder) -> None:
    plain = SentenceTransformer(str(encoder.folder), device="cpu")
    texts = [*TEXTS, *(" ".join(["gangs and", *["knife crime"] * n]) for n in range(0, 120, 6))]
    assert (encoder.encode(texts) * plain.encode(texts)).sum(axis=1).min() >= 0.999


@given(st.lists(st.integers(0, 512), max_size=200))
def test_a_batch_holds_texts_that_are_about_equally_long_and_all_come_once(
    lengths: list[int],
) -> None:
    batches = list(_batches(lengths))
    assert sorted(row for rows in batches for row in rows) == list(range(len(lengths)))
    longest = [[lengths[row] for row in rows] for rows in batches]
    assert all(len(found) == 1 or len(found) * found[0] <= 2048 for found in longest)
    assert [one for found in longest for one in found] == sorted(lengths, reverse=True)


def test_a_model_with_modules_of_its_own_is_left_to_sentence_transformers(
    encoder: BuildEncoder, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    shutil.copytree(encoder.folder, model)
    modules = json.loads((model / "modules.json").read_text())
    modules.append({"idx": 3, "name": "3", "path": "3_Dense", "type": f"{Dense.__module__}.Dense"})
    dense = Dense(384, 16)
    (model / "3_Dense").mkdir()
    dense.save(str(model / "3_Dense"))
    (model / "modules.json").write_text(json.dumps(modules))
    found = BuildEncoder(str(model))
    assert found.spec.pooling == "other"
    assert found.encode(TEXTS).shape == (len(TEXTS), 16)


def test_every_vector_has_length_1(encoder: BuildEncoder, query_encoder: OnnxEncoder) -> None:
    for vectors in (encoder.encode(TEXTS), query_encoder.encode(TEXTS)):
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)


def test_vectors_come_in_the_order_of_the_texts(
    encoder: BuildEncoder, query_encoder: OnnxEncoder
) -> None:
    for model in (encoder, query_encoder):
        single = np.concatenate([model.encode([text]) for text in TEXTS])
        assert (model.encode(TEXTS) * single).sum(axis=1).min() >= 0.999
        assert (model.encode(TEXTS[::-1])[::-1] * single).sum(axis=1).min() >= 0.999


def test_a_vector_does_not_depend_on_its_neighbours_in_the_service(
    query_encoder: OnnxEncoder,
) -> None:
    alone = query_encoder.encode(TEXTS[:1])
    among = query_encoder.encode(TEXTS)[:1]
    assert alone == pytest.approx(among, abs=1e-5)


def test_texts_that_mean_the_same_are_nearer(query_encoder: OnnxEncoder) -> None:
    question, answer, other = query_encoder.encode(
        ["How much money was agreed?", "The board approved £5m.", "A fox sleeps in the wood."]
    )
    assert question @ answer > question @ other + 0.1


def test_what_lies_beyond_the_window_is_not_read(query_encoder: OnnxEncoder) -> None:
    short, longer = query_encoder.encode(["word " * 254, "word " * 254 + "zebra " * 50])
    assert short @ longer == pytest.approx(1.0, abs=1e-6)


def test_no_texts_give_no_vectors(query_encoder: OnnxEncoder) -> None:
    assert query_encoder.encode([]).shape == (0, 384)


def test_passages_come_in_slices_with_their_position(encoder: BuildEncoder) -> None:
    slices = list(encoder.encode_passages(TEXTS, megabatch=4))
    assert [start for start, _ in slices] == [0, 4]
    together = np.concatenate([vectors for _, vectors in slices])
    assert (together * encoder.encode(TEXTS)).sum(axis=1).min() >= 0.999
    assert list(encoder.encode_passages([])) == []


def test_the_passage_prefix_goes_before_each_passage(encoder: BuildEncoder) -> None:
    prefixed = BuildEncoder(passage_prefix="passage: ", query_prefix="query: ")
    ((_, found),) = prefixed.encode_passages(["a fox"])
    with_prefix, without = encoder.encode(["passage: a fox", "a fox"])
    assert found[0] @ with_prefix >= 0.9999
    assert found[0] @ without < 0.99
    assert prefixed.spec.fingerprint != encoder.spec.fingerprint


def test_the_query_prefix_is_the_one_in_the_manifest(sample_index: Path) -> None:
    opened = open_generation(sample_index)
    assert opened.encode_query("a fox") == pytest.approx(opened.encoder.encode(["a fox"]), abs=1e-6)
    spec = replace(opened.manifest.encoder, query_prefix="money: ")
    other = Generation(opened.folder, replace(opened.manifest, encoder=spec))
    assert other.encode_query("a fox") == pytest.approx(
        opened.encoder.encode(["money: a fox"]), abs=1e-6
    )


def test_the_bundled_model_is_the_official_one(encoder: BuildEncoder) -> None:
    assert encoder.spec == EncoderSpec(
        name="all-MiniLM-L6-v2",
        revision="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        dimension=384,
        window=256,
        pooling="mean",
    )


def test_a_generation_opens_the_encoder_that_it_carries(
    exported: Path, encoder: BuildEncoder
) -> None:
    found = open_query_encoder(exported)
    assert isinstance(found, OnnxEncoder)
    assert found.spec == encoder.spec


def test_without_an_export_the_service_loads_the_model_that_is_named(
    exported: Path, encoder: BuildEncoder, tmp_path: Path
) -> None:
    shutil.copyfile(exported / "encoder.json", tmp_path / "encoder.json")
    found = open_query_encoder(tmp_path)
    assert isinstance(found, BuildEncoder)
    assert found.spec == encoder.spec


def test_other_weights_than_those_of_the_index_are_refused(exported: Path, tmp_path: Path) -> None:
    spec = json.loads((exported / "encoder.json").read_text()) | {"revision": "0" * 64}
    (tmp_path / "encoder.json").write_text(json.dumps(spec))
    with pytest.raises(EncoderError, match="found revision 53aa51172d14, but the index was built"):
        open_query_encoder(tmp_path)


@pytest.mark.parametrize(
    ("files", "missing"),
    [
        ([], r"no config\.json here"),
        (["config.json"], r"no tokenizer\.json here"),
        (["config.json", "tokenizer.json"], r"no model\.safetensors here"),
    ],
)
def test_a_folder_that_is_no_model_is_refused(
    tmp_path: Path, files: list[str], missing: str
) -> None:
    for name in files:
        (tmp_path / name).write_text("{}")
    with pytest.raises(EncoderError, match=f"{missing}; expected a sentence-transformers model"):
        BuildEncoder(str(tmp_path))


def test_a_folder_with_a_model_is_read_with_its_own_settings(
    encoder: BuildEncoder, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    shutil.copytree(encoder.folder, model)
    (model / "sentence_bert_config.json").write_text('{"max_seq_length": 32}')
    (model / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    spec = BuildEncoder(str(model)).spec
    assert (spec.name, spec.revision) == (str(model), encoder.spec.revision)
    assert (spec.window, spec.pooling) == (32, "cls")


def test_anything_that_changes_a_vector_changes_the_fingerprint() -> None:
    spec = EncoderSpec("name", "revision", 384, 256)
    others = [
        EncoderSpec("other", "revision", 384, 256),
        EncoderSpec("name", "other", 384, 256),
        EncoderSpec("name", "revision", 385, 256),
        EncoderSpec("name", "revision", 384, 255),
        EncoderSpec("name", "revision", 384, 256, "q"),
        EncoderSpec("name", "revision", 384, 256, "", "q"),
        EncoderSpec("name", "revision", 384, 256, pooling="cls"),
    ]
    assert len({made.fingerprint for made in (spec, *others)}) == 8
    assert spec.fingerprint == EncoderSpec("name", "revision", 384, 256).fingerprint


def test_tokens_start_where_their_text_does(encoder: BuildEncoder) -> None:
    starts = token_starts(encoder.tokenizer_file)
    assert starts(["The unaffordable £4.7m", "", "🙂 café"]) == [
        [0, 4, 7, 9, 12, 17, 18, 19, 20, 21],
        [],
        [0, 2],
    ]
    assert len(starts(["word " * 1000])[0]) == 1000


@given(
    arrays.arrays(
        np.float32, (3, 5), elements=st.floats(-1e3, 1e3, width=32, allow_subnormal=False)
    )
)
def test_normalised_rows_have_length_1_and_zero_stays_zero(vectors: np.ndarray) -> None:
    lengths = np.linalg.norm(normalised(vectors), axis=1)
    for length, before, row in zip(lengths, np.linalg.norm(vectors, axis=1), vectors, strict=True):
        assert length == pytest.approx(1.0 if before > 1e-6 else length, abs=1e-5)
        assert row.any() or length == 0


def test_a_few_texts_are_encoded_by_the_export_as_the_model_encodes_them(
    encoder: BuildEncoder, sample_index: Path
) -> None:
    texts = [f"Report {number} of the committee on £{number}m for gangs." for number in range(20)]
    exported = encoder_folder(open_generation(sample_index).folder)
    few = encoder.encode_few(texts, exported)
    assert few.shape == (20, encoder.spec.dimension)
    assert (few * encoder.encode(texts)).sum(axis=1).min() >= 0.999
