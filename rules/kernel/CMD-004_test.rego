package seaworthy.test.CMD_004

import data.seaworthy.rules.CMD_004 as rule
import data.seaworthy.testing as t

test_fires_absent if t.fires(rule.fail, "cmdline:init_on_free") with input as t.put(t.cmdline_without("init_on_free"), "/kernel/config/options/CONFIG_INIT_ON_FREE_DEFAULT_ON", "n")

test_fires_off if t.fires(rule.fail, "cmdline:init_on_alloc") with input as t.cmdline_add("init_on_alloc", "0")

test_fires_contrary if t.fires_also(rule.fail, "cmdline:slab_nomerge") with input as t.put(t.cmdline([["slab_merge", null]]), "/kernel/config/options/CONFIG_SLAB_MERGE_DEFAULT", "n")

test_silent_built_in if not t.says(rule.fail, "init_on_alloc") with input as t.put(t.cmdline_without("init_on_alloc"), "/kernel/config/options/CONFIG_INIT_ON_ALLOC_DEFAULT_ON", "y")

test_unknown_no_config if {
	t.tells(rule.unknown, "component:kernel") with input as t.put(t.cmdline_without("init_on_free"), "/kernel/config/present", false)
	t.silent(rule.fail) with input as t.put(t.cmdline_without("init_on_free"), "/kernel/config/present", false)
}

test_na_too_old if t.tells_also(rule.not_applicable, "cmdline:init_on_free") with input as t.put(t.good, "/kernel/version", "4.19.1")

test_na_option if t.tells(rule.not_applicable, "cmdline:page_alloc.shuffle") with input as t.kconfig("CONFIG_SHUFFLE_PAGE_ALLOCATOR", "n")

test_unknown_no_kernel if {
	t.tells(rule.unknown, "component:kernel") with input as t.no_kernel
	t.silent(rule.fail) with input as t.no_kernel
}

test_checked if count(rule.checked) > 0 with input as t.good

test_not_applicable_when if t.tells(rule.not_applicable, "cmdline:elsewhere") with input as t.good with data.cmdline as [t.elsewhere("CMD-004")]

# Flags are read by their first letters, as kstrtobool does; a word without a value is not a flag.
state_of(value) := {f.resource | some f in found} if {
	found := rule.fail with input as object.union(t.good, {
		"cmdline": {"params": array.concat(
			[p | some p in t.cmdline_params; p.name != "init_on_alloc"],
			[{"name": "init-on-alloc", "value": value, "index": 1000}],
		)},
		"kernel": {"config": {"options": {"CONFIG_INIT_ON_ALLOC_DEFAULT_ON": "n"}}},
	})
}

test_flags if {
	every on in ["1", "y", "Yes", "on", "ON", "true", "1x"] {
		state_of(on) == set()
	}
	every off in ["0", "n", "off", "", "2", "x1"] {
		state_of(off) == {"cmdline:init_on_alloc"}
	}
}

test_second_name if {
	system := object.union(t.good, {"cmdline": {"params": array.concat(
		[p | some p in t.cmdline_params; p.name != "slab_nomerge"],
		[{"name": "slub_nomerge", "value": null, "index": 1000}],
	)}})
	t.silent(rule.fail) with input as system
}

# The kernel ignores its value.
test_silent_nomerge_with_value if {
	params := [changed | some p in t.cmdline_params; changed := object.union(p, {"value": {true: "0", false: p.value}[p.name == "slab_nomerge"]})]
	t.silent(rule.fail) with input as t.put(t.good, "/cmdline/params", params)
}
