package seaworthy.test.BOO_006

import data.seaworthy.rules.BOO_006 as rule
import data.seaworthy.testing as t

more(program) := t.booting_with("/programs/-", object.union(t.program, program))

test_fires_no_line if t.fires(rule.fail, "image:test") with input as t.booting_with("/programs/0/cmdline", false)

test_fires_kernel if t.fires(rule.fail, "image:test") with input as more({"kind": "kernel", "path": "vmlinuz"})

test_fires_addon if t.fires(rule.fail, "image:test") with input as more({"kind": "addon", "path": "debug.addon.efi"})

test_fires_loader if t.fires(rule.fail, "image:test") with input as t.booting_with("/lines/-", {"path": "grub.cfg", "from": "loader", "raw": "console=ttyS0", "params": []})

test_fires_other_line if {
	t.fires(rule.fail, "image:test") with input as t.booting_with("/lines/0/raw", "console=ttyS0 debug")
	{f.key | some f in rule.fail} == {"test-efi.img:partition 1/EFI/BOOT/BOOTX64.EFI"} with input as t.booting_with("/lines/0/raw", "console=ttyS0 debug")
}

test_silent_uki if {
	t.silent(rule.fail) with input as t.booting([t.disk])
	rule.checked == {"image:test"} with input as t.booting([t.disk])
	t.silent(rule.unknown) with input as t.booting([t.disk])
	t.silent(rule.not_applicable) with input as t.booting([t.disk])
}

test_silent_bios if {
	t.silent(rule.fail) with input as t.put(more({"kind": "kernel"}), "/boot/files/0/starts", ["bios"])
	t.tells(rule.not_applicable, "image:test") with input as t.booting_with("/starts", ["bios"])
}

test_silent_not_built if {
	t.silent(rule.fail) with input as t.good
	t.tells(rule.not_applicable, "image:test") with input as t.good
}

test_unknown_unread if t.tells(rule.unknown, "image:test") with input as t.booting_with("/unread/-", "partition 2: ext4 is not read")
