package seaworthy.test.CMD_002

import data.seaworthy.rules.CMD_002 as rule
import data.seaworthy.testing as t

test_fires_nokaslr if t.fires(rule.fail, "cmdline:nokaslr") with input as t.cmdline_add("nokaslr", null)

test_fires_dash_is_underscore if t.fires(rule.fail, "cmdline:no_hash_pointers") with input as t.cmdline_add("no-hash-pointers", null)

test_silent_rodata if t.silent(rule.fail) with input as t.cmdline_add("rodata", "on")

test_unknown_no_kernel if {
	t.tells(rule.unknown, "component:kernel") with input as t.no_kernel
	t.silent(rule.fail) with input as t.no_kernel
}

test_checked if count(rule.checked) > 0 with input as t.good

test_not_applicable_when if t.tells(rule.not_applicable, "cmdline:elsewhere") with input as t.good with data.cmdline as [t.elsewhere("CMD-002")]

# The kernel reads these words by their first letters.
test_fires_longer if {
	t.fires(rule.fail, "cmdline:norandmaps") with input as t.cmdline_add("norandmapsx", null)
	t.fires(rule.fail, "cmdline:slab_merge") with input as t.cmdline_add("slub_merge", null)
}

test_silent_longer if t.silent(rule.fail) with input as t.cmdline_add("nokaslrx", null)

test_fires_off if {
	every off in ["0", "n", "No", "off", "OFF", "false"] {
		t.fires(rule.fail, "cmdline:rodata") with input as t.cmdline_add("rodata", off)
		t.fires(rule.fail, "cmdline:hardened_usercopy") with input as t.cmdline_add("hardened_usercopy", off)
	}
	t.fires(rule.fail, "cmdline:stack_guard_gap") with input as t.cmdline_add("stack_guard_gap", "0x0")
}

test_silent_on if {
	every on in ["1", "y", "on", "true"] {
		t.silent(rule.fail) with input as t.cmdline_add("rodata", on)
	}
	t.silent(rule.fail) with input as t.cmdline_add("stack_guard_gap", "256")
}

arm(value) := object.union(t.cmdline_add("rodata", value), {"kernel": {"config": {"options": {"CONFIG_X86_64": "n", "CONFIG_ARM64": "y"}}}})

test_rodata_of_arm64 if {
	t.silent(rule.fail) with input as arm("full")
	t.fires(rule.fail, "cmdline:rodata") with input as arm("off")
}

# Boot code of RISC-V looks for the text anywhere.
test_fires_text if {
	riscv := t.put(t.put(t.good, "/arch", "riscv64"), "/kernel/config/options", object.union(object.remove(t.kernel_options, ["CONFIG_X86_64"]), {"CONFIG_RISCV": "y"}))
	t.fires(rule.fail, "cmdline:nokaslr") with input as t.put(riscv, "/cmdline/early", [{"name": "root", "value": "xnokaslrx", "index": 0}])
	t.silent(rule.fail) with input as t.put(riscv, "/cmdline/early", [{"name": "root", "value": "kaslr", "index": 0}])
	t.silent(rule.fail) with input as t.put(t.good, "/cmdline/early", [{"name": "root", "value": "xnokaslrx", "index": 0}])
}

test_fires_part if {
	t.fires(rule.fail, "cmdline:iomem") with input as t.cmdline_add("iomem", "very-relaxed")
	t.silent(rule.fail) with input as t.cmdline_add("iomem", "strict")
}

test_fires_small_gap if {
	every gap in ["0", "1", "255", "4503599627370496"] {
		t.fires(rule.fail, "cmdline:stack_guard_gap") with input as t.cmdline_add("stack_guard_gap", gap)
	}
	every gap in ["256", "1024", "many"] {
		t.silent(rule.fail) with input as t.cmdline_add("stack_guard_gap", gap)
	}
}
