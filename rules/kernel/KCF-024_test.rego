package seaworthy.test.KCF_024

import data.seaworthy.rules.KCF_024 as rule
import data.seaworthy.testing as t

test_fires if t.fires(rule.fail, "component:kernel") with input as t.put(t.good, "/kernel/config/mismatch", "config 6.1, kernel 6.12")

test_silent_good if t.silent(rule.fail) with input as t.good

test_unknown_no_config if {
	t.tells(rule.unknown, "component:kernel") with input as t.no_config
	t.silent(rule.fail) with input as t.no_config
}

test_unknown_no_component if {
	t.tells(rule.unknown, "image:test") with input as t.put(t.no_config, "/components", [])
	t.silent(rule.fail) with input as t.put(t.no_config, "/components", [])
}

test_checked if count(rule.checked) > 0 with input as t.good

test_unknown_fragment if {
	t.tells(rule.unknown, "component:kernel") with input as t.put(t.good, "/kernel/config/fragment", true)
	t.silent(rule.fail) with input as t.put(t.good, "/kernel/config/fragment", true)
}
