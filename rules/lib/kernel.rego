# METADATA
# description: |-
#   What the kernel, its command line and the sysctls add up to. A value asked
#   of a configuration that nobody has is undefined: callers say unknown.
package seaworthy.kernel

import data.seaworthy.given

# config_known: the configuration is there, and it is this kernel's.
config_known if {
	input.kernel.present == true
	input.kernel.config.present == true
	object.get(input.kernel.config, "mismatch", "") == ""
	not input.kernel.config.fragment == true
}

config_missing := "os.yml names no kernel, so nothing is known about the one that will boot this" if {
	not input.kernel.present == true
} else := "the kernel's configuration was not found: ship it as the file `config` in the kernel image, or build with CONFIG_IKCONFIG" if {
	not input.kernel.config.present == true
} else := sprintf("the configuration is not this kernel's: %s", [input.kernel.config.mismatch]) if {
	object.get(input.kernel.config, "mismatch", "") != ""
} else := "the configuration is a fragment, and an option that it leaves out may be on: give the whole one, as `make olddefconfig` writes it" if {
	not config_known
}

# config_unknown holds one entry where the configuration is missing.
config_unknown contains {"resource": kernel_resource, "reason": config_missing}

kernel_resource := "component:kernel" if {
	some c in input.components
	c.id == "kernel"
} else := sprintf("image:%s", [input.name])

options := input.kernel.config.options if {
	config_known
	is_object(input.kernel.config.options)
}

value(name) := options[name]

# arch is what the configuration says: it may stand alone, and decides which
# options there are. Without one, it is the system's.
arch := said[0] if {
	said := [name | some symbol, name in arch_symbols; value(symbol) == "y"]
	count(said) > 0
} else := input.arch

arch_symbols := {
	"CONFIG_X86_64": "amd64", "CONFIG_ARM64": "arm64", "CONFIG_RISCV": "riscv64",
	"CONFIG_X86_32": "386", "CONFIG_ARM": "arm", "CONFIG_PPC64": "ppc64le", "CONFIG_S390": "s390x", "CONFIG_LOONGARCH": "loong64",
}

on(name) if value(name) in {"y", "m"}

# off needs the configuration: what is unknown is not off.
off(name) if {
	config_known
	not on(name)
}

# version as [major, minor], undefined where it does not say.
version := [to_number(m[1]), to_number(m[2])] if {
	is_string(input.kernel.version)
	m := regex.find_all_string_submatch_n(`^v?(\d{1,4})\.(\d{1,4})`, input.kernel.version, 1)[0]
}

version_text := sprintf("%d.%d", version)

# older and newer compare with "MAJOR.MINOR".
older_than(text) if version < parse(text)

at_least(text) if version >= parse(text)

parse(text) := [to_number(p) | some p in split(text, ".")]

# Words after "--" go to init and not to the kernel.
params := {p | some p in input.cmdline.params; p.index < end} if {
	end := min([d.index | some d in input.cmdline.params; d.name == "--"])
} else := {p | some p in input.cmdline.params}

# The kernel takes - and _ in names for the same, and some parameters have a
# second name.
param_name(name) := object.get(given.aliases, plain_name, plain_name) if {
	plain_name := replace(name, "-", "_")
}

# boot_code_params are the words that boot code finds which takes the line for words
# between blanks, by name, where the kernel itself does not take them.
boot_code_params[p.name] contains p if {
	some p in input.cmdline.early
	not taken[[p.name, object.get(p, "value", null)]]
}

taken contains [p.name, object.get(p, "value", null)] if some p in params

# init_args are the words behind "--", by name: the kernel gives them to init.
init_args[param_name(p.name)] contains p if {
	end := min([d.index | some d in input.cmdline.early; d.name == "--"])
	some p in input.cmdline.early
	p.index > end
}

# values are all that a parameter was given, in order; a bare flag is "".
values(name) := object.get(param_table, param_name(name), [])

param_table := {name: [pair[1] | some pair in sort(pairs)] |
	some name, ps in params_named
	pairs := [[p.index, text_of(p)] | some p in ps]
}

# params_named are those of each name, sysctl_params those that set each sysctl:
# put in order once, and not looked through for every row.
params_named[param_name(p.name)] contains p if some p in params

sysctl_params[sysctl_param(p)] contains p if some p in params

# sysctl_param is the key that a parameter sets, undefined where it sets none.
sysctl_param(p) := substring(key, 7, -1) if {
	key := sysctl_key(p.name)
	startswith(key, "sysctl.")
}

# word is a parameter as it stands on the command line, without quotes.
word(p) := sprintf("%s=%s", [p.name, p.value]) if {
	has_text(p)
} else := p.name

text_of(p) := p.value if has_text(p)

has_text(p) if is_string(p.value)

text_of(p) := "" if not has_text(p)

has_param(name) if param_table[param_name(name)]

# last_value is what a parameter ends up as, undefined where it is not there.
last_value(name) := vs[count(vs) - 1] if {
	vs := param_table[param_name(name)]
}

# truth reads a value as the kernel's kstrtobool does, by its first letters; what
# it does not take is undefined.
truth(text) if {
	regex.match(`^([yYtT1]|[oO][nN])`, text)
} else := false if {
	regex.match(`^([nNfF0]|[oO][fF])`, text)
}

# zero: the text is 0 for kstrtoul, which takes a plus, octal and hexadecimal, and
# no minus.
zero(text) if regex.match(`^\+?(0[xX])?0+$`, text)

# enabled_param: a module's parameter that a bare word sets too, and that no
# later one unsets.
enabled_param(name) if {
	some text in values(name)
	text == ""
}

enabled_param(name) if {
	some text in values(name)
	truth(text)
}

# The security modules that are initialised, in their order: lsm= replaces
# CONFIG_LSM, and without it the kernel appends what security= names
# (ordered_lsm_parse in security/security.c).
lsms := {l | some l in lsm_order}

lsm_order := split(lsm_list, ",") if {
	has_param("lsm")
} else := array.concat(split(lsm_list, ","), values("security"))

lsm_list := last_value("lsm")

lsm_list := value("CONFIG_LSM") if not has_param("lsm")

lsm_active(name) if {
	lsm_enabled(name)
	not shut_out(name)
}

lsm_enabled(name) if {
	config_known
	name in lsms
	lsm_built(name)
	not lsm_switched_off(name)
}

# Of the exclusive modules the first one starts (LSM_FLAG_EXCLUSIVE).
exclusive_lsms := {"apparmor", "selinux", "smack"}

shut_out(name) if {
	name in exclusive_lsms
	first := min([i | some i, n in lsm_order; n == name])
	some i, other in lsm_order
	i < first
	other != name
	other in exclusive_lsms
	lsm_enabled(other)
}

lsm_built("apparmor") if on("CONFIG_SECURITY_APPARMOR")

lsm_built("selinux") if on("CONFIG_SECURITY_SELINUX")

lsm_built("yama") if on("CONFIG_SECURITY_YAMA")

lsm_built("landlock") if on("CONFIG_SECURITY_LANDLOCK")

lsm_built("smack") if on("CONFIG_SECURITY_SMACK")

lsm_built("tomoyo") if on("CONFIG_SECURITY_TOMOYO")

lsm_built("lockdown") if on("CONFIG_SECURITY_LOCKDOWN_LSM")

lsm_built("loadpin") if on("CONFIG_SECURITY_LOADPIN")

lsm_built("ipe") if on("CONFIG_SECURITY_IPE")

lsm_switched_off(name) if zero(last_value(name))

lsm_switched_off("apparmor") if truth(last_value("apparmor.enabled")) == false

# security= picks one of the modules with mandatory access control; lsm= makes
# it void.
lsm_switched_off(name) if {
	name in picked_lsms
	has_param("security")
	not has_param("lsm")
	last_value("security") != name
}

picked_lsms := exclusive_lsms | {"tomoyo"}

# lockdown is "none", "integrity" or "confidentiality", and undefined without
# a configuration. It can be forced at build time, or asked for at boot; the
# stronger one wins.
lockdown := "confidentiality" if "confidentiality" in lockdown_asked

lockdown := "integrity" if {
	"integrity" in lockdown_asked
	not "confidentiality" in lockdown_asked
}

lockdown := "none" if {
	config_known
	count(lockdown_asked) == 0
}

lockdown_asked contains "confidentiality" if {
	lockdown_possible
	is_confirmed("CONFIG_LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY")
}

lockdown_asked contains "integrity" if {
	lockdown_possible
	is_confirmed("CONFIG_LOCK_DOWN_KERNEL_FORCE_INTEGRITY")
}

# is_confirmed: the option is on, and the kernel itself says so. Nothing in a kernel
# shows which of such options it has: a claim that it forces a protection is not
# enough, where a word of the command line makes it true.
is_confirmed(name) if {
	on(name)
	not input.kernel.config.claim == true
}

lockdown_asked contains mode if {
	lockdown_possible
	some mode in values("lockdown")
	mode in {"integrity", "confidentiality"}
}

lockdown_possible if on("CONFIG_SECURITY_LOCKDOWN_LSM_EARLY")

lockdown_possible if lsm_active("lockdown")

locked_down if lockdown in {"integrity", "confidentiality"}

# modules_signed: the kernel refuses a module that nobody signed.
modules_signed if off("CONFIG_MODULES")

modules_signed if {
	on("CONFIG_MODULE_SIG")
	module_signature_wanted
}

module_signature_wanted if is_confirmed("CONFIG_MODULE_SIG_FORCE")

module_signature_wanted if enabled_param("module.sig_enforce")

module_signature_wanted if locked_down

# sysctl values in boot order; the last one holds.
sysctl_values(key) := [input.sysctl.settings[i].value | some i in sysctl_settings[key]]

# sysctl_settings are where each key is set, in boot order.
sysctl_settings := {key: [at[1] | some at in sort(places)] | some key, places in sysctl_places}

sysctl_places[sysctl_key(x.key)] contains [x.order, i] if some i, x in input.sysctl.settings

# A pattern (sysctl.d(5)) sets every key that it matches.
sysctl_places[row.key] contains [x.order, i] if {
	some i, x in input.sysctl.settings
	pattern(x.key)
	some row in given.sysctl
	glob.match(sysctl_key(x.key), ["."], row.key)
}

pattern(key) if regex.match(`[*?\\[]`, key)

# sysctl_key is a key with dots. Below /proc/sys one separator too many changes
# nothing.
sysctl_key(key) := dotted if {
	dotted := replace(key, "/", ".")
	not contains(dotted, "..")
	not startswith(dotted, ".")
} else := concat(".", [part | some part in split(replace(key, "/", "."), "."); part != ""])

sysctl(key) := final_sysctls[key]

final_sysctls := {key: numeral(trim_space(input.sysctl.settings[last].value)) |
	some key, places in sysctl_settings
	last := places[count(places) - 1]
}

# numeral is a number as the kernel prints it: it reads hexadecimal and octal
# numbers too, and a sign (proc_get_long in kernel/sysctl.c). Any other text stays
# as it is.
numeral(text) := in_base(found, [1, 16, 256, 4096, 65536, 1048576, 16777216, 268435456]) if {
	[[_, found]] := regex.find_all_string_submatch_n(`^[+]?0[xX]0*([0-9a-fA-F]{1,8})$`, text, 1)
} else := in_base(found, [1, 8, 64, 512, 4096, 32768, 262144, 2097152, 16777216, 134217728, 1073741824]) if {
	[[_, found]] := regex.find_all_string_submatch_n(`^[+]?00*([0-7]{1,11})$`, text, 1)
} else := trim_prefix(text, "+") if {
	regex.match(`^[+][0-9]+$`, text)
} else := text

# in_base is a number in decimal; weights are those of its digits, the last one first.
in_base(text, weights) := format_int(sum(parts), 10) if {
	parts := [n |
		some i, d in array.reverse(split(lower(text), ""))
		n := digit_value[d] * weights[i]
	]
}

digit_value := {d: i | some i, d in split("0123456789abcdef", "")}

# sysctl_is: negate this, and never sysctl itself, which is undefined where a
# key is not set.
sysctl_is(key, v) if sysctl(key) == v
