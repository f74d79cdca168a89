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

# A built-in default needs no parameter.
test_silent_built_in if {
	found := rule.fail with input as t.put(t.cmdline_without("kfence.sample_interval"), "/kernel/config/options/CONFIG_KFENCE_SAMPLE_INTERVAL", "100")
	every f in found {
		f.resource != "cmdline:kfence.sample_interval"
	}
}

test_unknown_no_config if t.tells(rule.unknown, "component:kernel") with input as t.no_config

test_not_applicable_when if t.tells(rule.not_applicable, "cmdline:elsewhere") with input as t.good with data.cmdline as [t.elsewhere("CMD-017")]

words_of(name, text) := {f.resource | some f in found} if {
	found := rule.fail with input as object.union(t.good, {"cmdline": {"params": array.concat(
		[p | some p in t.cmdline_params; p.name != name],
		[{"name": name, "value": text, "index": 1000}],
	)}})
}

# Lists contain the word, letter case matters, and boot code reads the last word
# of the whole line.
test_readings if {
	words_of("intel_iommu", "strict,on") == set()
	words_of("intel_iommu", "strict") == {"cmdline:intel_iommu"}
	words_of("spectre_v2", "ON") == {"cmdline:spectre_v2"}
	words_of("audit", "On") == set()
	behind := object.union(t.good, {"kernel": {"version": "6.12.1"}, "cmdline": {"early": [{"name": "spectre_v2", "value": "auto", "index": 9}]}})
	t.fires(rule.fail, "cmdline:spectre_v2") with input as behind
	both := object.union(behind, {"cmdline": {"early": [{"name": "spectre_v2", "value": "on,x", "index": 9}]}})
	t.fires(rule.fail, "cmdline:spectre_v2") with input as both
}
