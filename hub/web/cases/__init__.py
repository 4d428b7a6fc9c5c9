"""The pages of a cooperation's cases: the week, one case, its meetings on paper, and what became of those that ended."""
