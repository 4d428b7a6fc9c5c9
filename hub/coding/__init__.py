"""Police notices without a readable code: they wait for the statutory officer, who codes them from the sealed report.

`queue` holds what waits and what became of it, `sealing` the coded result between the officer and the connector, `desk` what
an officer may see and do. The report itself is in the statutory store and nowhere else; README.md of hub/connect tells the rule.
"""
