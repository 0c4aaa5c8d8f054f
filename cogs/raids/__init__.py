"""Raids."""
