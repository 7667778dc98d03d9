"""DeBERTa written to ONNX node by node, in the form ONNX Runtime is fastest with."""

from guardlet_export.onnx_graph.classifier import onnx_bytes, write_onnx
from guardlet_export.onnx_graph.precision import PRECISIONS, Precision, linear_names

__all__ = ["PRECISIONS", "Precision", "linear_names", "onnx_bytes", "write_onnx"]
