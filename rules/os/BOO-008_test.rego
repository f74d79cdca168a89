package seaworthy.test.BOO_008

import data.seaworthy.rules.BOO_008 as rule
import data.seaworthy.testing as t

test_fires_none if t.fires(rule.fail, "image:test") with input as t.booting_with("/programs/0/sbat", false)

lines(changed) := t.booting_with("/programs/0/generations", [object.union(object.union(g, {"line": i + 1}), change) |
	some i, change in changed
	g := {"component": "sbat", "generation": 1, "vendor": "v", "package": "p", "version": "1", "url": "u"}
])

test_fires_unreadable if t.fires(rule.fail, "image:test") with input as t.booting([object.union(t.disk, {"programs": [unreadable]})])

unreadable := object.union(object.remove(t.program, ["generations"]), {"sbatProblem": "line 2 of .sbat is not ..."})

test_fires_no_component if t.fires(rule.fail, "image:test") with input as lines([{}])

test_fires_revoked if {
	t.fires(rule.fail, "image:test") with input as lines([{}, {"component": "grub", "generation": 4}])
	t.fires(rule.fail, "image:test") with input as lines([{}, {"component": "systemd-stub"}, {"component": "shim", "generation": 3}])
}

test_silent_not_revoked if t.silent(rule.fail) with input as lines([{}, {"component": "grub", "generation": 5}, {"component": "shim", "generation": 15}])

test_unknown_lines if {
	old := t.booting([object.union(t.disk, {"programs": [object.remove(t.program, ["generations"])]})])
	t.tells(rule.unknown, "image:test") with input as old
	t.silent(rule.fail) with input as old
}

test_silent_sbat if {
	t.silent(rule.fail) with input as t.booting([t.disk])
	rule.checked == {"image:test"} with input as t.booting([t.disk])
	t.silent(rule.unknown) with input as t.booting([t.disk])
	t.silent(rule.not_applicable) with input as t.booting([t.disk])
}

test_silent_kernel if t.silent(rule.fail) with input as t.booting_with("/programs/0", object.union(t.program, {"kind": "kernel", "sbat": false}))

test_silent_bios if {
	t.silent(rule.fail) with input as t.booting([object.union(t.disk, {"starts": ["bios"], "programs": [object.union(t.program, {"sbat": false})]})])
	t.tells(rule.not_applicable, "image:test") with input as t.booting_with("/starts", ["bios"])
}

test_silent_not_built if {
	t.silent(rule.fail) with input as t.good
	t.tells(rule.not_applicable, "image:test") with input as t.good
}

test_unknown_unread if t.tells(rule.unknown, "image:test") with input as t.booting_with("/unread/-", "the file: damaged")
