package seaworthy.test.SUP_020

import data.seaworthy.rules.SUP_020 as rule
import data.seaworthy.testing as t

test_fires_no_lock if t.fires(rule.fail, "image:test") with input as t.put(t.good, "/lock/present", false)

test_fires_other if t.fires(rule.fail, "image:test") with input as t.put(t.good, "/lock/builder", "0.0.9")

test_silent_good if t.silent(rule.fail) with input as t.good

test_unknown_version if {
	t.tells(rule.unknown, "image:test") with input as t.put(t.good, "/builder", "")
	t.silent(rule.fail) with input as t.put(t.good, "/builder", "")
}

test_checked if rule.checked == {"image:test"} with input as t.good

test_actual if {
	{f.actual | some f in rule.fail} == {"no lock file"} with input as t.put(t.good, "/lock/present", false)
	{f.actual | some f in rule.fail} == {"0.1.0, but the lock file has 0.0.9"} with input as t.put(t.put(t.good, "/builder", "0.1.0"), "/lock/builder", "0.0.9")
}
