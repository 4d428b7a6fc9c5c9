"""The rules of consent as a lawyer would lay them out: tables, read row by row, the first that fits decides.

In a cell `-` means "whatever". `consent_table` reads them; neither imports anything of the hub.
"""

MUNICIPALITIES = """
municipality | from       | youth signs from | at that age | sspf  | sig
norrkoping   | 1900-01-01 | 15               | continue    | 10-18 | 0-199
sigtuna      | 1900-01-01 | 15               | continue    | 12-21 | 0-199
vallentuna   | 1900-01-01 | 15               | continue    | 9-16  | 0-199
sig-pilot    | 1900-01-01 | 15               | continue    | 0-199 | 15-25
invented     | 1900-01-01 | 15               | continue    | 10-18 | 12-20
invented     | 2025-10-26 | 13               | suspend     | 10-17 | 12-20
invented     | 2026-09-01 | 16               | suspend     | 10-17 | 12-19
"""

ENDS = """
a withdrawal is said | child's form, now 18 | older than the cooperation | period over | noted -> rule
yes                  | -                    | -                          | -           | -     -> withdrawn
-                    | -                    | -                          | -           | yes   -> as noted
-                    | yes                  | -                          | -           | -     -> lapsed_at_18
-                    | -                    | yes                        | -           | -     -> outgrown
-                    | -                    | -                          | yes         | -     -> expired
"""

OPEN = """
a block stands | all signed this round | the youth must and has not | one has said no | was in force | halted -> rule
yes            | -                     | -                          | -               | -            | -      -> blocked
-              | no                    | -                          | yes             | -            | -      -> disputed
-              | no                    | -                          | -               | no           | -      -> awaiting_signature
-              | no                    | -                          | -               | yes          | -      -> custody_changed
-              | yes                   | yes                        | -               | -            | -      -> youth_must_sign
-              | yes                   | no                         | -               | -            | yes    -> halted
-              | yes                   | no                         | -               | -            | no     -> in_force
"""

STANDS = """
its rule | was in force | purpose   | another in force -> stands
in_force | -            | -         | -                -> yes
expired  | yes          | correlate | yes              -> yes
-        | -            | -         | -                -> no
"""

COVERS = """
barred then | a birthday suspended it later that month | in force then | to come, and in force now | the form says earlier | before it first came into force | blocked then | halted then -> covers
yes         | -                                        | -             | -                         | -                     | -                               | -            | -           -> no
-           | yes                                      | -             | -                         | -                     | -                               | -            | -           -> no
-           | -                                        | yes           | -                         | -                     | -                               | -            | -           -> yes
-           | -                                        | -             | yes                       | -                     | -                               | -            | -           -> yes
-           | -                                        | -             | -                         | yes                   | yes                             | no           | no          -> yes
-           | -                                        | -             | -                         | -                     | -                               | -            | -           -> no
"""

QUESTION = """
source named | kind named | cooperation fits | recipient named | stands | in period | covers then   -> rule
no           | -          | -                | -               | -      | -         | -             -> no_scope_for_source
-            | no         | -                | -               | -      | -         | -             -> kind_not_in_scope
-            | -          | no               | -               | -      | -         | -             -> cooperation_not_covered
-            | -          | -                | no              | -      | -         | -             -> recipient_not_named
-            | -          | -                | -               | no     | -         | -             -> its rule
-            | -          | -                | -               | -      | no        | -             -> outside_period
-            | -          | -                | -               | -      | -         | no            -> not_in_force_then
yes          | yes        | yes              | yes             | yes    | yes       | yes           -> permitted
"""
