package seaworthy.test.BOO_005

import data.seaworthy.rules.BOO_005 as rule
import data.seaworthy.testing as t

loader(changes) := t.booting_with("/loaders/-", object.union({"kind": "GRUB", "path": "boot/grub/grub.cfg", "open": [], "entries": ["one"], "unread": ""}, changes))

test_fires_open if t.fires(rule.fail, "image:test") with input as loader({"open": ["everyone can edit the entries"]})

test_fires_entries if t.fires(rule.fail, "image:test") with input as loader({"entries": ["one", "rescue"]})

test_silent_closed if {
	t.silent(rule.fail) with input as loader({})
	rule.checked == {"image:test"} with input as loader({})
	t.silent(rule.unknown) with input as loader({})
	t.silent(rule.not_applicable) with input as loader({})
}

test_silent_without_loader if t.silent(rule.fail) with input as t.booting([t.disk])

test_silent_direct if {
	t.silent(rule.fail) with input as t.booting_with("/starts", [])
	{n.reason | some n in rule.not_applicable} == {"no firmware starts a file of the image, so it has no boot loader"} with input as t.booting_with("/starts", [])
}

test_silent_not_built if {
	t.silent(rule.fail) with input as t.good
	{n.reason | some n in rule.not_applicable} == {"the image is not built yet: `seaworthy build` checks this"} with input as t.good
}

test_unknown_config if t.tells(rule.unknown, "image:test") with input as loader({"unread": "its configuration was not found"})

test_unknown_unread if t.tells(rule.unknown, "image:test") with input as t.booting_with("/unread/-", "partition 2: ext4 is not read")
