package seaworthy.test.BOO_002

import data.seaworthy.rules.BOO_002 as rule
import data.seaworthy.testing as t

hash := "abababababababababababababababababababababababababababababababab"

words(list) := [{"name": w[0], "value": w[1], "index": i} | some i, w in list]

# verified is a disk with a hash tree and these words on its command line.
verified(list) := object.union(t.disk, {
	"lines": [{"path": t.program.path, "from": "uki", "raw": "", "params": words(list)}],
	"trees": [{"path": "partition 3", "rootHash": hash}], "roots": ["partition 2 (squashfs 4.0)"],
})

with_words(list) := t.booting([verified(list)])

# lone is a UKI without its disk.
lone := t.booting([object.union(verified([["roothash", hash]]), {"trees": [], "roots": []})])

table := sprintf("root,,,ro,0 8 verity 1 /dev/vda /dev/vdb 4096 4096 1 1 sha256 %s 00", [upper(hash)])

test_fires_other_tree if t.fires(rule.fail, "image:test") with input as with_words([["roothash", "cd"]])

test_fires_two if t.fires(rule.fail, "image:test") with input as with_words([["roothash", hash], ["roothash", hash]])

test_fires_off if {
	every w in [["systemd.verity", "no"], ["rd.systemd.verity", "0"], ["systemd.verity_root_options", "ignore-corruption"]] {
		t.fires(rule.fail, "image:test") with input as with_words([["roothash", hash], w])
	}
}

test_fires_ignored if t.fires(rule.fail, "image:test") with input as with_words([["dm-mod.create", concat(" ", [table, "1 ignore_corruption"])]])

test_fires_other_root if t.fires(rule.fail, "image:test") with input as with_words([["roothash", hash], ["root", "/dev/vda3"]])

test_fires_bare_root if t.fires(rule.fail, "image:test") with input as with_words([["roothash", hash], ["root", null]])

test_fires_plain if {
	t.fires(rule.fail, "image:test") with input as with_words([["root", "/dev/vda2"]])
	{f.key | some f in rule.fail} == {"test-efi.img:partition 1/EFI/BOOT/BOOTX64.EFI:root"} with input as with_words([["root", "/dev/vda2"]])
}

test_fires_found_root if t.fires(rule.fail, "image:test") with input as with_words([["quiet", null]])

test_fires_loader if t.fires(rule.fail, "image:test") with input as t.put(t.booting([t.disk]), "/boot/files/0/lines/0/from", "loader")

test_silent_verified if {
	t.silent(rule.fail) with input as with_words([["roothash", upper(hash)], ["systemd.verity", "yes"], ["root", "/dev/mapper/root"]])
	rule.checked == {"image:test"} with input as with_words([["roothash", hash]])
	t.silent(rule.unknown) with input as with_words([["roothash", hash]])
	t.silent(rule.not_applicable) with input as with_words([["roothash", hash]])
}

test_silent_table if t.silent(rule.fail) with input as with_words([["dm_mod.create", table], ["root", "/dev/dm-0"]])

test_silent_initrd if {
	t.silent(rule.fail) with input as t.booting([t.disk])
	t.silent(rule.unknown) with input as t.booting([t.disk])
}

test_silent_direct if {
	direct := object.union(verified([["roothash", hash]]), {"starts": [], "path": "test-cmdline", "programs": []})
	t.silent(rule.fail) with input as t.booting([direct])
	rule.checked == {"image:test"} with input as t.booting([direct])
}

test_silent_bios if {
	bios := object.union(t.disk, {"starts": ["bios"]})
	t.silent(rule.fail) with input as t.booting([bios])
	{n.reason | some n in rule.not_applicable} == {"UEFI firmware starts no file of the image"} with input as t.booting([bios])
}

test_silent_not_built if {
	t.silent(rule.fail) with input as t.good
	{n.reason | some n in rule.not_applicable} == {"the image is not built yet: `seaworthy build` checks this"} with input as t.good
}

test_unknown_disk if {
	t.tells(rule.unknown, "image:test") with input as lone
	t.silent(rule.fail) with input as lone
}

test_unknown_no_line if {
	t.tells(rule.unknown, "image:test") with input as t.booting_with("/lines", [])
	t.silent(rule.not_applicable) with input as t.booting_with("/lines", [])
}

test_unknown_no_initrd if {
	t.tells(rule.unknown, "image:test") with input as t.booting_with("/programs/0/initrd", false)
	t.silent(rule.fail) with input as t.booting_with("/programs/0/initrd", false)
}

test_unknown_unread if t.tells(rule.unknown, "image:test") with input as t.booting_with("/unread/-", "partition 2: damaged")
