package seaworthy.test.CMD_018

import data.seaworthy.rules.CMD_018 as rule
import data.seaworthy.testing as t

line(changes) := object.union(t.good, {"cmdline": changes})

test_silent_good if {
	t.silent(rule.fail) with input as t.good
	count(rule.checked) > 0 with input as t.good
}

test_fires_cut if t.fires(rule.fail, "cmdline:line") with input as line({"cut": 7})

test_silent_whole if t.silent(rule.fail) with input as line({"cut": 0})

test_fires_replaced if t.fires(rule.fail, "cmdline:line") with input as line({"builtIn": {"text": "quiet", "mode": "instead"}})

test_silent_replaced_by_the_same if t.silent(rule.fail) with input as line({"raw": "quiet ", "builtIn": {"text": "quiet", "mode": "instead"}})

test_silent_none_is_replaced if t.silent(rule.fail) with input as line({"raw": "", "builtIn": {"text": "quiet", "mode": "instead"}})

test_silent_added_to if t.silent(rule.fail) with input as line({"builtIn": {"text": "quiet", "mode": "before"}})

test_fires_boot_config if {
	embedded := t.kconfigs({"CONFIG_BOOT_CONFIG_EMBED": "y", "CONFIG_BOOT_CONFIG_FORCE": "y"})
	t.fires(rule.fail, "cmdline:line") with input as embedded
	asked := t.put(t.kconfigs({"CONFIG_BOOT_CONFIG_EMBED": "y"}), "/cmdline/params", [{"name": "bootconfig", "value": null, "index": 0}])
	t.fires(rule.fail, "cmdline:line") with input as asked
}

test_silent_boot_config if {
	t.silent(rule.fail) with input as t.kconfigs({"CONFIG_BOOT_CONFIG_EMBED": "y"})
	t.silent(rule.fail) with input as t.kconfigs({"CONFIG_BOOT_CONFIG_FORCE": "y"})
}

test_unknown_no_kernel if {
	t.tells(rule.unknown, "component:kernel") with input as t.no_kernel
	t.silent(rule.fail) with input as t.no_kernel
}
