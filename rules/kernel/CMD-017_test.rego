package seaworthy.test.CMD_017

import data.seaworthy.rules.CMD_017 as rule
import data.seaworthy.testing as t

test_fires if {
	t.fires_also(rule.fail, "cmdline:spectre_v2") with input as t.cmdline_without("spectre_v2")
	t.fires_also(rule.fail, "cmdline:mitigations") with input as t.cmdline([["mitigations", "auto"]])
}

test_silent_good if {
	t.silent(rule.fail) with input as t.good
	count(rule.checked) > 0 with input as t.good
}

# What is built in need not be said.
test_silent_built_in if {
	found := rule.fail with input as t.put(t.cmdline_without("kfence.sample_interval"), "/kernel/config/options/CONFIG_KFENCE_SAMPLE_INTERVAL", "100")
	every f in found {
		f.resource != "cmdline:kfence.sample_interval"
	}
}

test_unknown_no_config if t.tells(rule.unknown, "component:kernel") with input as t.no_config

test_not_applicable_when if t.tells(rule.not_applicable, "cmdline:elsewhere") with input as t.good with data.cmdline as [t.elsewhere("CMD-017")]
