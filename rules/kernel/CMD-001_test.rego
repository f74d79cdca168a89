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
