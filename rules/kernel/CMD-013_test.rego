package seaworthy.test.CMD_013

import data.seaworthy.rules.CMD_013 as rule
import data.seaworthy.testing as t

test_fires_apparmor if t.fires(rule.fail, "cmdline:apparmor") with input as t.cmdline_add("apparmor", "0")

test_fires_lsm if t.fires(rule.fail, "cmdline:lsm") with input as t.cmdline_add("lsm", "apparmor")

test_silent_lsm if t.silent(rule.fail) with input as t.cmdline_add("lsm", "landlock,lockdown,yama,apparmor")

test_silent_good if {
	t.silent(rule.fail) with input as t.good
	count(rule.checked) > 0 with input as t.good
}

test_silent_not_built if t.silent(rule.fail) with input as t.put(t.cmdline_add("lsm", "lockdown,yama,apparmor"), "/kernel/config/options/CONFIG_SECURITY_LANDLOCK", "n")

test_unknown_no_config if {
	t.tells(rule.unknown, "component:kernel") with input as t.put(t.cmdline_add("lsm", "apparmor"), "/kernel/config/present", false)
	t.silent(rule.fail) with input as t.put(t.cmdline_add("lsm", "apparmor"), "/kernel/config/present", false)
}

test_unknown_no_kernel if {
	t.tells(rule.unknown, "component:kernel") with input as t.no_kernel
	t.silent(rule.fail) with input as t.no_kernel
}

test_checked if count(rule.checked) > 0 with input as t.good

test_silent_unknown if t.silent(rule.unknown) with input as t.no_config with data.seaworthy.active as ["baseline"]

test_not_applicable_when if t.tells(rule.not_applicable, "cmdline:elsewhere") with input as t.good with data.cmdline as [t.elsewhere("CMD-013")]

# The kernel reads a number: each of these is 0.
test_fires_zeros if {
	every zero in ["00", "0x0", "0X00", "+0"] {
		t.fires(rule.fail, "cmdline:apparmor") with input as t.cmdline_add("apparmor", zero)
		t.fires(rule.fail, "cmdline:selinux") with input as t.cmdline_add("selinux", zero)
	}
}

test_silent_numbers if {
	every one in ["1", "0x1", "01", "10", "zero", "-0"] {
		t.silent(rule.fail) with input as t.cmdline_add("apparmor", one)
	}
}

test_fires_module_parameter if {
	every off in ["0", "n", "No", "off", "false"] {
		t.fires(rule.fail, "cmdline:apparmor.enabled") with input as t.cmdline_add("apparmor.enabled", off)
	}
	t.silent(rule.fail) with input as t.cmdline_add("apparmor.enabled", "Y")
}

test_fires_no_mandatory_module if t.fires(rule.fail, "cmdline:lsm") with input as t.cmdline_add("lsm", "landlock,lockdown,yama")

test_fires_security if {
	t.fires(rule.fail, "cmdline:security") with input as t.cmdline_add("security", "x")
	t.fires(rule.fail, "cmdline:security") with input as t.cmdline_add("security", "none")
}

test_silent_security if {
	t.silent(rule.fail) with input as t.cmdline_add("security", "apparmor")
	t.silent(rule.fail) with input as t.cmdline(array.concat([[p.name, p.value] | some p in t.cmdline_params], [["security", "x"], ["lsm", "landlock,lockdown,yama,apparmor"]]))
}

test_fires_unbuilt_module if {
	t.fires(rule.fail, "cmdline:lsm") with input as t.cmdline_add("lsm", "landlock,lockdown,yama,smack") with input.kernel.config.options.CONFIG_SECURITY_SMACK as "n"
}

# lsm= may leave out a module that CONFIG_LSM does not start either.
test_left_out if {
	every name, option in {"loadpin": "CONFIG_SECURITY_LOADPIN", "ipe": "CONFIG_SECURITY_IPE"} {
		wanted := t.put(t.cmdline_add("lsm", "landlock,lockdown,yama,apparmor"), sprintf("/kernel/config/options/%s", [option]), "y")
		t.silent(rule.fail) with input as wanted
		t.fires(rule.fail, "cmdline:lsm") with input as t.put(wanted, "/kernel/config/options/CONFIG_LSM", sprintf("%s,yama,apparmor", [name]))
	}
}
