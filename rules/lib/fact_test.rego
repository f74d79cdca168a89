package seaworthy.test.fact

import data.seaworthy.fact
import data.seaworthy.testing

test_option if {
	fact.option("CONFIG_X") == "CONFIG_X=m (kernel configuration)" with input as testing.kconfig("CONFIG_X", "m")
	fact.option("CONFIG_X") == "CONFIG_X is not set (kernel configuration)" with input as testing.kconfig("CONFIG_X", "n")
	fact.option("CONFIG_X") == "CONFIG_X is not set (kernel configuration)" with input as testing.no_config
}

test_param if {
	fact.param("x") == "x=1 (command line)" with input as testing.cmdline([["x", "1"]])
	fact.param("x") == "x (command line)" with input as testing.cmdline([["x", null]])
	fact.param("x") == "no x (command line)" with input as testing.cmdline([])
}

test_sysctl if {
	fact.sysctl("a.b") == "a.b=0 (set at boot)" with input as testing.sysctl("a.b", "0")
	fact.sysctl("a.b") == "a.b is not set (kernel default)" with input as testing.good
}

none := {
	"CONFIG_LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY": "n",
	"CONFIG_SECURITY_LOCKDOWN_LSM_EARLY": "y",
}

asked(words) := testing.cmdline_of(testing.kconfigs(none), words)

test_lockdown if {
	fact.lockdown == "lockdown: confidentiality (kernel configuration)" with input as testing.cmdline([])
	fact.lockdown == "lockdown: integrity (command line)" with input as asked([["lockdown", "integrity"]])
	fact.lockdown == "lockdown: none (neither command line nor kernel configuration)" with input as asked([])
	fact.lockdown == "lockdown: none (neither command line nor kernel configuration)" with input as asked([["lockdown", "none"]])
}
