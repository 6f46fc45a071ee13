"""Tests of adversaries."""
