"""Write the product's file: `python -m tests.scorer.export WEIGHTS.pt search_api/scorer.onnx`.

The layers and the head go to ONNX with 8-bit weights (one scale a channel); embeddings stay out,
for the product takes them from the installed model.
"""

import shutil
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch

from tests.scorer.network import HIDDEN, Scorer

INPUTS = ("embedded", "attended", "sentence")


def main(arguments: Sequence[str]) -> int:
    """Quantise and write; prints the size."""
    if len(arguments) != 3:
        print("usage: python -m tests.scorer.export WEIGHTS.pt scorer.onnx")
        return 2
    model = Scorer().eval()
    model.load_state_dict(torch.load(arguments[1], weights_only=True), strict=False)
    target = Path(arguments[2])
    write(model, target)
    print(f"{target}: {target.stat().st_size:,} bytes")
    return 0


def write(model: Scorer, target: Path, *, quantised: bool = True) -> None:
    """Export a network to the file that search_api.scorer reads."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    mask = torch.ones((2, 9))
    axes = {0: "row", 1: "token"}
    with tempfile.TemporaryDirectory() as folder:
        exported = Path(folder) / "scorer.onnx"
        # The exporter warns of its age and of constants that it traces.
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                model,
                (torch.randn(2, 9, HIDDEN), mask, mask),
                str(exported),
                input_names=list(INPUTS),
                output_names=["score"],
                dynamic_axes={name: axes for name in INPUTS} | {"score": {0: "row"}},
                opset_version=17,
                dynamo=False,
            )
        if quantised:
            quantize_dynamic(exported, target, weight_type=QuantType.QInt8, per_channel=True)
        else:
            shutil.copyfile(exported, target)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
