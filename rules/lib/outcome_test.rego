package seaworthy.test.outcome

import data.seaworthy.outcome
import data.seaworthy.testing as t

bad := {"id": "CAP-003", "resource": "component:services/nginx", "key": "CAP_SYS_ADMIN"}

other := {"id": "CAP-003", "resource": "component:services/nginx", "key": "CAP_SYS_BOOT"}

test_without_allowance if {
	outcome.fail({bad, other}) == {bad, other} with input as t.good
	outcome.not_applicable({bad, other}) == set() with input as t.good
}

test_with_allowance if {
	allowance := [t.allowance("CAP-003", {bad})]
	outcome.fail({bad, other}) == {other} with input as t.good with data.components as allowance
	outcome.not_applicable({bad, other}) == {{"resource": bad.resource, "reason": "allowed: a test says so"}} with input as t.good with data.components as allowance
}

test_nothing if {
	outcome.fail(set()) == set()
	outcome.not_applicable(set()) == set()
}
