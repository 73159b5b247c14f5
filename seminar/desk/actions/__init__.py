"""Writes that span apps."""
