package seaworthy.test.JNT_009

import data.seaworthy.rules.JNT_009 as rule
import data.seaworthy.testing as t

test_fires_none if t.fires(rule.fail, "cmdline:roothash") with input as t.put(t.cmdline_add("roothash", "abc"), "/kernel/config/options/CONFIG_DM_VERITY", "n")

test_fires_no_init if t.fires(rule.fail, "cmdline:dm-mod.create") with input as t.cmdline_add("dm-mod.create", "root,,,ro, 0 1 verity 1")

test_silent_linear if t.silent(rule.fail) with input as t.cmdline_add("dm-mod.create", "root,,,ro, 0 1 linear")

test_silent_built if t.silent(rule.fail) with input as t.cmdline_add("roothash", "abc")

test_silent_not_asked if t.silent(rule.fail) with input as t.kconfig("CONFIG_DM_VERITY", "n")

test_unknown_no_config if {
	t.tells(rule.unknown, "component:kernel") with input as t.put(t.cmdline_add("roothash", "abc"), "/kernel/config/present", false)
	t.silent(rule.fail) with input as t.put(t.cmdline_add("roothash", "abc"), "/kernel/config/present", false)
}

test_checked if count(rule.checked) > 0 with input as t.cmdline_add("roothash", "abc")

test_silent_dm_init if t.silent(rule.fail) with input as t.put(t.cmdline_add("dm-mod.create", "root,,,ro, 0 1 verity 1"), "/kernel/config/options/CONFIG_DM_INIT", "y")

test_silent_unasked_without_config if t.silent(rule.unknown) with input as t.put(t.no_config, "/cmdline/params", [])

test_names if {
	every name in ["usrhash", "systemd.verity_root_hash", "rd.systemd.verity"] {
		t.fires(rule.fail, sprintf("cmdline:%s", [replace(name, "_", "-")])) with input as t.put(t.cmdline_add(name, "abc"), "/kernel/config/options/CONFIG_DM_VERITY", "n")
	}
	every off in ["no", "0", "false"] {
		t.silent(rule.fail) with input as t.put(t.cmdline_add("systemd.verity", off), "/kernel/config/options/CONFIG_DM_VERITY", "n")
	}
}

# The format adds the root hash, so the command line has none before the build.
test_fires_format if {
	verity := [{"name": "raw-efi-verity", "attributes": true, "verified": true}]
	t.fires(rule.fail, "cmdline:roothash") with input as t.put(t.kconfig("CONFIG_DM_VERITY", "n"), "/formats", verity)
	t.silent(rule.fail) with input as t.put(t.kconfig("CONFIG_DM_VERITY", "n"), "/formats", [object.union(verity[0], {"verified": false})])
}
