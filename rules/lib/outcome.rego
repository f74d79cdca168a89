# METADATA
# description: |-
#   The outcome of a rule that has `found` and no `fail`. The engine adds it to the rule.
#   Stock opa and conftest add nothing: there, tests and the adapter call these functions.
package seaworthy.outcome

import data.seaworthy.lib

# fail is the set of findings that no allowance covers.
fail(found) := {f | some f in found; not lib.allowed(f)}

# not_applicable is the set of entries for the findings that an allowance covers.
not_applicable(found) := {lib.allowed(f) | some f in found}
