package seaworthy.test.SYS_016

import data.seaworthy.rules.SYS_016 as rule
import data.seaworthy.testing as t

test_fires_none if t.fires(rule.fail, "image:test") with input as t.put(t.good, "/sysctl/applied", false)

test_silent_good if t.silent(rule.fail) with input as t.good

test_unknown_files if {
	t.tells(rule.unknown, "image:test") with input as t.put(t.put(t.good, "/sysctl/applied", false), "/components/2/files/present", false)
	t.silent(rule.fail) with input as t.put(t.put(t.good, "/sysctl/applied", false), "/components/2/files/present", false)
}

test_checked if count(rule.checked) > 0 with input as t.good

test_nothing_unread if count(rule.unknown) == 0 with input as t.put(t.good, "/sysctl/applied", false)

test_unknown_arguments if {
	system := t.put(t.put(t.good, "/sysctl/applied", false), "/sysctl/unknown", [{"component": "onboot/sysctl", "reason": "x"}])
	t.tells(rule.unknown, "image:test") with input as system
	t.silent(rule.fail) with input as system
}
