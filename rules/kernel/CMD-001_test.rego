package seaworthy.test.CMD_001

import data.seaworthy.rules.CMD_001 as rule
import data.seaworthy.testing as t

test_fires_off if t.fires(rule.fail, "cmdline:mitigations") with input as t.cmdline_add("mitigations", "off")

test_fires_flag if t.fires(rule.fail, "cmdline:nopti") with input as t.cmdline_add("nopti", null)

test_fires_earlier_too if t.fires(rule.fail, "cmdline:mitigations") with input as t.cmdline([["mitigations", "off"], ["mitigations", "auto"]])

test_silent_auto if t.silent(rule.fail) with input as t.cmdline([["mitigations", "auto,nosmt"]]) with data.seaworthy.active as ["baseline"]

test_silent_after_dashes if t.silent(rule.fail) with input as t.cmdline([["--", null], ["mitigations", "off"]]) with data.seaworthy.active as ["baseline"]

test_silent_good if t.silent(rule.fail) with input as t.good

test_unknown_no_kernel if {
	t.tells(rule.unknown, "component:kernel") with input as t.no_kernel
	t.silent(rule.fail) with input as t.no_kernel
}

test_checked if count(rule.checked) > 0 with input as t.good

test_not_applicable_when if t.tells(rule.not_applicable, "cmdline:elsewhere") with input as t.good with data.cmdline as [t.elsewhere("CMD-001")]

test_not_applicable_forbidden if {
	row := json.patch(t.elsewhere("CMD-001"), [{"op": "remove", "path": "/want"}, {"op": "add", "path": "/forbid", "value": "any"}])
	t.tells(rule.not_applicable, "cmdline:elsewhere") with input as t.good with data.cmdline as [row]
	count(rule.checked) == 0 with input as t.good with data.cmdline as [row]
}

# Boot code looks for the word in the whole line, also after "--" and inside quotes.
behind(version, name, value) := object.union(t.good, {
	"kernel": {"version": version},
	"cmdline": {"early": [{"name": name, "value": value, "index": 9}]},
})

test_fires_after_dashes if {
	t.fires(rule.fail, "cmdline:pti") with input as behind("6.1.0", "pti", "off")
	t.fires(rule.fail, "cmdline:spectre_v2") with input as behind("6.12.1", "spectre_v2", "off")
	t.fires(rule.fail, "cmdline:nospec_store_bypass_disable") with input as behind("6.1.0", "nospec_store_bypass_disable", null)
	t.fires(rule.fail, "cmdline:dis_ucode_ldr") with input as behind("7.1.0", "dis_ucode_ldr", null)
}

test_fires_after_dashes_of_any_kernel if t.fires(rule.fail, "cmdline:pti") with input as behind("", "pti", "off")

# Words that boot code does not look for, or that this kernel no longer looks for.
test_silent_after_dashes if {
	t.silent(rule.fail) with input as behind("6.1.0", "mitigations", "off")
	t.silent(rule.fail) with input as behind("6.12.0", "pti", "off")
	t.silent(rule.fail) with input as behind("6.19.0", "spectre_v2", "off")
	t.silent(rule.fail) with input as behind("6.1.0", "pti", "on")
	t.silent(rule.fail) with input as behind("6.1.0", "nopti", "1")
}

# A word that the kernel also reads counts once.
test_early_word_is_taken if {
	same := {"name": "pti", "value": "off", "index": 9}
	both := object.union(behind("6.1.0", "pti", "off"), {"cmdline": {"params": [same]}})
	some f in rule.fail with input as both
	f.actual == ["pti=off"]
}

test_edit_removes_both if {
	system := object.union(behind("6.1.0", "pti", "off"), {"cmdline": {"raw": "pti=off x -- pti=off", "params": [{"name": "pti", "value": "on", "index": 0}]}})
	some f in rule.fail with input as system
	f.edits == [{"op": "remove", "path": "/kernel/cmdline", "value": "pti=off"}]
}

test_built_in_has_no_edit if {
	own := object.union(t.good, {"cmdline": {"params": [{"name": "nopti", "value": null, "index": 0, "builtIn": true}]}})
	some f in rule.fail with input as own
	f.edits == []
}

test_fires_attack_vectors if {
	t.fires(rule.fail, "cmdline:mitigations") with input as t.cmdline_add("mitigations", "auto;no_user_kernel")
	t.fires(rule.fail, "cmdline:mitigations") with input as t.cmdline_add("mitigations", "auto,nosmt;no_guest_host,no_user_user")
	t.fires(rule.fail, "cmdline:mitigations") with input as t.cmdline_add("mitigations", "off;x")
	t.fires(rule.fail, "cmdline:mitigations") with input as t.cmdline_add("mitigations", "offline")
	t.fires(rule.fail, "cmdline:mitigations") with input as t.cmdline_add("mitigations", "auto;no_cross_thread")
}

guest(kvm) := object.union(t.cmdline_add("mitigations", "auto;no_guest_host"), {"kernel": {"config": {"options": {"CONFIG_KVM": kvm}}}})

test_guests if {
	t.fires(rule.fail, "cmdline:mitigations") with input as guest("m")
	t.silent(rule.fail) with input as guest("n")
}
