# METADATA
# description: |-
#   The kernel: its configuration, its command line and the sysctls. A value of an
#   unknown configuration is undefined, and rules report unknown.
package seaworthy.kernel

import data.seaworthy.given

# config_known: the whole configuration is there, and belongs to this kernel.
config_known if {
	input.kernel.present == true
	input.kernel.config.present == true
	object.get(input.kernel.config, "mismatch", "") == ""
	not input.kernel.config.fragment == true
}

# config_missing is the reason why the configuration is unknown.
config_missing := "os.yml has no kernel section, so the kernel that will boot is unknown" if {
	not input.kernel.present == true
} else := "the configuration of the kernel was not found: add it as the file `config` to the kernel image, or build the kernel with CONFIG_IKCONFIG" if {
	not input.kernel.config.present == true
} else := sprintf("the configuration belongs to another kernel: %s", [input.kernel.config.mismatch]) if {
	object.get(input.kernel.config, "mismatch", "") != ""
} else := "the configuration is a fragment, where a missing option may be on: use the whole configuration, as `make olddefconfig` writes it" if {
	not config_known
}

# config_unknown has one unknown entry if the configuration is unknown.
config_unknown contains {"resource": kernel_resource, "reason": config_missing}

# kernel_resource is the resource of a finding about the kernel as a whole.
kernel_resource := "component:kernel" if {
	some c in input.components
	c.id == "kernel"
} else := sprintf("image:%s", [input.name])

# options are the options of the configuration, by name.
options := input.kernel.config.options if {
	config_known
	is_object(input.kernel.config.options)
}

# value is the value of an option.
value(name) := options[name]

# arch is the architecture of the configuration, which decides which options exist.
# Without a configuration, it is the architecture of the system.
arch := found[0] if {
	found := [name | some symbol, name in arch_symbols; value(symbol) == "y"]
	count(found) > 0
} else := input.arch

arch_symbols := {
	"CONFIG_X86_64": "amd64", "CONFIG_ARM64": "arm64", "CONFIG_RISCV": "riscv64",
	"CONFIG_X86_32": "386", "CONFIG_ARM": "arm", "CONFIG_PPC64": "ppc64le", "CONFIG_S390": "s390x", "CONFIG_LOONGARCH": "loong64",
}

# on: the option is y or m.
on(name) if value(name) in {"y", "m"}

# off: the option is not on. It is undefined if the configuration is unknown.
off(name) if {
	config_known
	not on(name)
}

# version is [major, minor]. It is undefined if the version is unknown.
version := [to_number(m[1]), to_number(m[2])] if {
	is_string(input.kernel.version)
	m := regex.find_all_string_submatch_n(`^v?(\d{1,4})\.(\d{1,4})`, input.kernel.version, 1)[0]
}

# patch is the third number of the version. It is undefined if there is none.
patch := to_number(m[1]) if {
	m := regex.find_all_string_submatch_n(`^v?\d{1,4}\.\d{1,4}\.(\d{1,4})`, input.kernel.version, 1)[0]
}

# version_text is the version as MAJOR.MINOR.
version_text := sprintf("%d.%d", version)

# older_than: the kernel is older than MAJOR.MINOR.
older_than(text) if version < parse(text)

# at_least: the kernel is MAJOR.MINOR or newer.
at_least(text) if version >= parse(text)

# parse turns MAJOR.MINOR into numbers.
parse(text) := [to_number(p) | some p in split(text, ".")]

# params are the parameters of the kernel. Words after "--" go to init.
params := {p | some p in input.cmdline.params; p.index < end} if {
	end := min([d.index | some d in input.cmdline.params; d.name == "--"])
} else := {p | some p in input.cmdline.params}

# param_name is the name of a parameter as the kernel compares it: - and _ are equal,
# and some parameters have a second name.
param_name(name) := object.get(given.aliases, plain_name, plain_name) if {
	plain_name := replace(name, "-", "_")
}

# boot_code_params are the words, by name, that only boot code reads: it splits the
# whole line at blanks.
boot_code_params[p.name] contains p if {
	some p in input.cmdline.early
	not taken[[p.name, object.get(p, "value", null)]]
}

taken contains [p.name, object.get(p, "value", null)] if some p in params

# init_args are the words after "--", by name, which the kernel passes to init.
init_args[param_name(p.name)] contains p if {
	end := min([d.index | some d in input.cmdline.early; d.name == "--"])
	some p in input.cmdline.early
	p.index > end
}

# values are all values of a parameter, in order. A word without a value is "".
values(name) := object.get(param_table, param_name(name), [])

# param_table are the values of every parameter, by name.
param_table := {name: [pair[1] | some pair in sort(pairs)] |
	some name, ps in params_named
	pairs := [[p.index, text_of(p)] | some p in ps]
}

# params_named are the parameters by name. They are collected once, and not searched
# for every row.
params_named[param_name(p.name)] contains p if some p in params

# sysctl_params are the parameters that set a sysctl, by key.
sysctl_params[sysctl_param(p)] contains p if some p in params

# sysctl_param is the sysctl that a parameter sets. It is undefined for others.
sysctl_param(p) := substring(key, 7, -1) if {
	key := sysctl_key(p.name)
	startswith(key, "sysctl.")
}

# word is the text of a parameter on the command line, without quotes.
word(p) := sprintf("%s=%s", [p.name, p.value]) if {
	has_text(p)
} else := p.name

# text_of is the value of a parameter, or "" without one.
text_of(p) := p.value if has_text(p)

# has_text: the parameter has a value.
has_text(p) if is_string(p.value)

text_of(p) := "" if not has_text(p)

# has_param: the parameter is on the command line.
has_param(name) if param_table[param_name(name)]

# last_value is the last value of a parameter. It is undefined without one.
last_value(name) := vs[count(vs) - 1] if {
	vs := param_table[param_name(name)]
}

# truth reads a value by its first letters, as kstrtobool of the kernel does. It is
# undefined for other texts.
truth(text) if {
	regex.match(`^([yYtT1]|[oO][nN])`, text)
} else := false if {
	regex.match(`^([nNfF0]|[oO][fF])`, text)
}

# zero: kstrtoul reads the text as 0. It accepts a plus, octal and hexadecimal, but
# not a minus.
zero(text) if regex.match(`^\+?(0[xX])?0+$`, text)

# enabled_param: the parameter of a module is on. A word without a value sets it, and
# a later word does not unset it.
enabled_param(name) if {
	some text in values(name)
	text == ""
}

enabled_param(name) if {
	some text in values(name)
	truth(text)
}

# lsms are the security modules that the kernel starts. lsm= replaces CONFIG_LSM;
# without it the kernel appends the module of security= (ordered_lsm_parse in
# security/security.c).
lsms := {l | some l in lsm_order}

# lsm_order are the security modules that the kernel starts, in order.
lsm_order := split(lsm_list, ",") if {
	has_param("lsm")
} else := array.concat(split(lsm_list, ","), values("security"))

# lsm_list is lsm=, or else CONFIG_LSM.
lsm_list := last_value("lsm")

lsm_list := value("CONFIG_LSM") if not has_param("lsm")

# lsm_active: the security module runs.
lsm_active(name) if {
	lsm_enabled(name)
	not shut_out(name)
}

# lsm_enabled: the security module is built in, started and not switched off.
lsm_enabled(name) if {
	config_known
	name in lsms
	lsm_built(name)
	not lsm_switched_off(name)
}

# exclusive_lsms are the modules of which only the first one runs
# (LSM_FLAG_EXCLUSIVE).
exclusive_lsms := {"apparmor", "selinux", "smack"}

# shut_out: an earlier exclusive module runs in place of this one.
shut_out(name) if {
	name in exclusive_lsms
	first := min([i | some i, n in lsm_order; n == name])
	some i, other in lsm_order
	i < first
	other != name
	other in exclusive_lsms
	lsm_enabled(other)
}

# lsm_built: the security module is built in.
lsm_built("apparmor") if on("CONFIG_SECURITY_APPARMOR")

lsm_built("selinux") if on("CONFIG_SECURITY_SELINUX")

lsm_built("yama") if on("CONFIG_SECURITY_YAMA")

lsm_built("landlock") if on("CONFIG_SECURITY_LANDLOCK")

lsm_built("smack") if on("CONFIG_SECURITY_SMACK")

lsm_built("tomoyo") if on("CONFIG_SECURITY_TOMOYO")

lsm_built("lockdown") if on("CONFIG_SECURITY_LOCKDOWN_LSM")

lsm_built("loadpin") if on("CONFIG_SECURITY_LOADPIN")

lsm_built("ipe") if on("CONFIG_SECURITY_IPE")

# lsm_switched_off: a parameter switches the security module off.
lsm_switched_off(name) if zero(last_value(name))

lsm_switched_off("apparmor") if truth(last_value("apparmor.enabled")) == false

# security= picks one of the modules with mandatory access control. The kernel
# ignores it if lsm= is given.
lsm_switched_off(name) if {
	name in picked_lsms
	has_param("security")
	not has_param("lsm")
	last_value("security") != name
}

# picked_lsms are the modules that security= can pick.
picked_lsms := exclusive_lsms | {"tomoyo"}

# lockdown is "none", "integrity" or "confidentiality". It is undefined without a
# configuration. The kernel can be built with a mode, and the command line can set
# one; the stronger mode takes effect.
lockdown := "confidentiality" if "confidentiality" in lockdown_modes

lockdown := "integrity" if {
	"integrity" in lockdown_modes
	not "confidentiality" in lockdown_modes
}

lockdown := "none" if {
	config_known
	count(lockdown_modes) == 0
}

lockdown_modes contains "confidentiality" if {
	lockdown_possible
	is_confirmed("CONFIG_LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY")
}

lockdown_modes contains "integrity" if {
	lockdown_possible
	is_confirmed("CONFIG_LOCK_DOWN_KERNEL_FORCE_INTEGRITY")
}

# is_confirmed: the option is on, and the configuration is inside the kernel. A
# configuration in a separate file is only a claim, and not enough for options that
# force a protection: a word on the command line has the same effect.
is_confirmed(name) if {
	on(name)
	not input.kernel.config.claim == true
}

lockdown_modes contains mode if {
	lockdown_possible
	some mode in values("lockdown")
	mode in {"integrity", "confidentiality"}
}

# lockdown_possible: the lockdown module runs.
lockdown_possible if on("CONFIG_SECURITY_LOCKDOWN_LSM_EARLY")

lockdown_possible if lsm_active("lockdown")

# locked_down: the kernel is locked down in either mode.
locked_down if lockdown in {"integrity", "confidentiality"}

# modules_signed: the kernel refuses unsigned modules.
modules_signed if off("CONFIG_MODULES")

modules_signed if {
	on("CONFIG_MODULE_SIG")
	module_signature_required
}

# module_signature_required: something makes the kernel require signatures.
module_signature_required if is_confirmed("CONFIG_MODULE_SIG_FORCE")

module_signature_required if enabled_param("module.sig_enforce")

module_signature_required if locked_down

# sysctl_values are the values of a key in boot order. The last one takes effect.
sysctl_values(key) := [input.sysctl.settings[i].value | some i in sysctl_settings[key]]

# sysctl_settings are the indexes of the settings of each key, in boot order.
sysctl_settings := {key: [at[1] | some at in sort(places)] | some key, places in sysctl_places}

sysctl_places[sysctl_key(x.key)] contains [x.order, i] if some i, x in input.sysctl.settings

# A pattern (sysctl.d(5)) sets every key that it matches.
sysctl_places[row.key] contains [x.order, i] if {
	some i, x in input.sysctl.settings
	pattern(x.key)
	some row in given.sysctl
	glob.match(sysctl_key(x.key), ["."], row.key)
}

# pattern: the key is a pattern of sysctl.d(5).
pattern(key) if regex.match(`[*?\\[]`, key)

# sysctl_key is a key of a sysctl, written with dots. Extra separators have no effect below /proc/sys.
sysctl_key(key) := dotted if {
	dotted := replace(key, "/", ".")
	not contains(dotted, "..")
	not startswith(dotted, ".")
} else := concat(".", [part | some part in split(replace(key, "/", "."), "."); part != ""])

# sysctl is the value that a key is set to. It is undefined if it is not set.
sysctl(key) := final_sysctls[key]

# final_sysctls are the values of all keys after boot.
final_sysctls := {key: numeral(trim_space(input.sysctl.settings[last].value)) |
	some key, places in sysctl_settings
	last := places[count(places) - 1]
}

# numeral is a number in decimal, as the kernel prints it. The kernel also reads
# hexadecimal and octal numbers and a sign (proc_get_long in kernel/sysctl.c). Other
# texts do not change.
numeral(text) := in_base(found, [1, 16, 256, 4096, 65536, 1048576, 16777216, 268435456]) if {
	[[_, found]] := regex.find_all_string_submatch_n(`^[+]?0[xX]0*([0-9a-fA-F]{1,8})$`, text, 1)
} else := in_base(found, [1, 8, 64, 512, 4096, 32768, 262144, 2097152, 16777216, 134217728, 1073741824]) if {
	[[_, found]] := regex.find_all_string_submatch_n(`^[+]?00*([0-7]{1,11})$`, text, 1)
} else := trim_prefix(text, "+") if {
	regex.match(`^[+][0-9]+$`, text)
} else := text

# in_base is a number in decimal. The weights belong to its digits, last digit first.
in_base(text, weights) := format_int(sum(parts), 10) if {
	parts := [n |
		some i, d in array.reverse(split(lower(text), ""))
		n := digit_value[d] * weights[i]
	]
}

digit_value := {d: i | some i, d in split("0123456789abcdef", "")}

# sysctl_is: the key is set to the value. Rules negate this and not sysctl, which is
# undefined if the key is not set.
sysctl_is(key, v) if sysctl(key) == v

# user_ns_missing is the reason why the kernel cannot create user namespaces. It is
# undefined if it can, or if its configuration is unknown.
user_ns_missing := "the kernel does not support it (CONFIG_USER_NS is off)" if {
	off("CONFIG_USER_NS")
} else := "user.max_user_namespaces is 0" if {
	config_known
	sysctl("user.max_user_namespaces") == "0"
}
