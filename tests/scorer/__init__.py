"""How the trained scorer of search_api/scorer.onnx is made: see README.md."""
