"""Measure accuracy, calibration and coverage."""
