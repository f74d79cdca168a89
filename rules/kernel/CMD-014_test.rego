package seaworthy.test.CMD_014

import data.seaworthy.rules.CMD_014 as rule
import data.seaworthy.testing as t

test_fires_twice if t.fires(rule.fail, "cmdline:loglevel") with input as t.cmdline([["loglevel", "1"], ["loglevel", "2"]])

test_fires_dash if t.fires_also(rule.fail, "cmdline:init-on-alloc") with input as t.cmdline([["init-on-alloc", "1"], ["init_on_alloc", "0"]])

test_fires_second_name if t.fires_also(rule.fail, "cmdline:slab_debug") with input as t.cmdline([["slab_debug", "F"], ["slub_debug", "-"]])

test_silent_console if t.silent(rule.fail) with input as t.cmdline([["console", "tty0"], ["console", "ttyS0"]])

test_silent_same if t.silent(rule.fail) with input as t.cmdline([["init_on_alloc", "1"], ["init_on_alloc", "1"]])

# A parameter that is not in the tables may be a list, where each value counts.
test_silent_lists if {
	every name in ["memmap", "crashkernel", "acpi_osi", "virtio_mmio.device", "earlycon", "hugepages", "x"] {
		t.silent(rule.fail) with input as t.cmdline([[name, "1"], [name, "2"]])
	}
}

# The parameter is in the table, and each occurrence adds to the ones before.
test_silent_adds if t.silent(rule.fail) with input as t.cmdline([["clearcpuid", "1"], ["clearcpuid", "2"]])

test_silent_good if {
	t.silent(rule.fail) with input as t.good
	count(rule.checked) > 0 with input as t.good
}

test_unknown_no_kernel if {
	t.tells(rule.unknown, "component:kernel") with input as t.no_kernel
	t.silent(rule.fail) with input as t.no_kernel
}

test_checked if count(rule.checked) > 0 with input as t.good

test_silent_dyndbg if t.silent(rule.fail) with input as t.cmdline([["usbcore.dyndbg", "+p"], ["usbcore.dyndbg", "+t"]])

test_edit_keeps_the_last if {
	some f in rule.fail with input as object.union(t.cmdline([["quiet", null], ["loglevel", "3"], ["loglevel", "7"]]), {"cmdline": {"raw": "quiet loglevel=3 loglevel=7"}})
	{e.value | some e in f.edits} == {"loglevel=3"}
}
