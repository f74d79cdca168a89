package seaworthy.test.SUP_012

import data.seaworthy.rules.SUP_012 as rule
import data.seaworthy.testing as t

refused(check) := t.verified([{"check": check, "path": "test-kernel", "message": "test-kernel is not what was signed"}])

test_fires_subject if t.fires(rule.fail, "image:test") with input as refused("subject")

test_fires_byproduct if t.fires(rule.fail, "image:test") with input as refused("byproduct")

# One statement is refused. Another one is verified, but names other bytes.
test_fires_both if {
	system := t.verified([
		{"check": "signature", "path": "a", "message": "a is not signed"},
		{"check": "subject", "path": "test-kernel", "message": "test-kernel is not what was signed"},
	])
	t.fires(rule.fail, "image:test") with input as system
	t.silent(rule.unknown) with input as system
	rule.checked == {"image:test"} with input as system
}

test_silent_verified if {
	t.silent(rule.fail) with input as t.verified([])
	rule.checked == {"image:test"} with input as t.verified([])
}

test_silent_before if {
	t.silent(rule.fail) with input as t.good
	t.tells(rule.not_applicable, "image:test") with input as t.good
	t.silent(rule.unknown) with input as t.good
}

test_unknown_unsigned if {
	t.tells(rule.unknown, "image:test") with input as refused("signature")
	t.silent(rule.fail) with input as refused("signature")
	t.silent(rule.checked) with input as refused("signature")
}

test_silent_other_reason if {
	t.silent(rule.fail) with input as refused("policy")
	rule.checked == {"image:test"} with input as refused("policy")
}
