"""The parts that pages are made of: each asks its own question and stands alone."""
