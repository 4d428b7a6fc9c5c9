"""The rule council's pages: what is in force, how it does, and letting a rule hold longer."""
