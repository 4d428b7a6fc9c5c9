"""The cases of a cooperation: SSPF with its commitment plan, SIG with its action plan; README.md tells the rules.

`content` is what a case holds, `moves` what may be done with it (both pure), `consenting` what consent says of it, `measuring`
the numbers before and after, `store` the one way to it. `orders` and `contacts` are no cases: what is ordered without a person,
and who asks to be reached. All lies in the inbox' database, what is personal sealed, and a case goes in the very transaction
that takes a withdrawal (`withdrawing`).
"""
