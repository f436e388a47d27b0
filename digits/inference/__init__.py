"""Networks in use: ONNX Runtime, CTC decoding, calibration."""
