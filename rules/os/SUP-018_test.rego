package seaworthy.test.SUP_018

import data.seaworthy.rules.SUP_018 as rule
import data.seaworthy.testing as t

compared(different) := t.put(t.verified([]), "/output", {"present": true, "refused": [], "compared": true, "different": different})

test_fires_different if t.fires(rule.fail, "image:test") with input as compared(["test-initrd.img"])

test_silent_same if {
	t.silent(rule.fail) with input as compared([])
	rule.checked == {"image:test"} with input as compared([])
}

test_silent_alone if {
	t.silent(rule.fail) with input as t.verified([])
	t.tells(rule.not_applicable, "image:test") with input as t.verified([])
}

test_silent_before if {
	t.silent(rule.fail) with input as t.put(t.good, "/output/compared", true)
	t.tells(rule.not_applicable, "image:test") with input as t.good
}

test_reasons if {
	{n.reason | some n in rule.not_applicable} == {"the image is not built yet: `seaworthy verify --rebuilt DIR` checks this"} with input as t.good
	{n.reason | some n in rule.not_applicable} == {"no second build was given (verify --rebuilt DIR)"} with input as t.verified([])
}
