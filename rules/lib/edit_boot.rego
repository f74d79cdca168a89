# Edits of the kernel command line and of sysctls.
package seaworthy.edit

import data.seaworthy.kernel
import data.seaworthy.lib

cmdline_path := "/kernel/cmdline"

# append_words adds words to the command line.
append_words(words) := [{"op": "append", "path": cmdline_path, "value": words}]

# remove_word removes a word from the command line.
remove_word(word) := [{"op": "remove", "path": cmdline_path, "value": word}]

# word is the text of a parameter on the command line.
word(p) := param(p.name, p.value) if is_string(p.value)

word(p) := p.name if not is_string(p.value)

# param is the word that gives a parameter a value. A value with blanks is quoted;
# the kernel removes the quotes.
param(name, value) := sprintf("%s=%s", [name, value]) if {
	not regex.match(`\s`, value)
} else := sprintf(`%s="%s"`, [name, value])

# without_params removes the given parameters from the command line.
without_params(bad) := array.flatten([remove_word(w) | some w in {word(p) | some p in bad}])

# params_of are the parameters of a name that os.yml can change. It cannot change
# those that are built into the kernel.
params_of(name) := {p |
	some p in object.get(kernel.params_named, kernel.param_name(name), set())
	not p.builtIn
}

# set_param replaces all values of a parameter by new words.
set_param(name, words) := array.concat(without_params(params_of(name)), append_words(words))

# lockdown sets a lockdown mode, if the kernel has the module. A module that is
# built in but not started is started with lsm=.
lockdown(mode) := set_param("lockdown", sprintf("lockdown=%s", [mode])) if {
	kernel.lockdown_possible
} else := array.concat(enable_lsm("lockdown"), set_param("lockdown", sprintf("lockdown=%s", [mode]))) if {
	kernel.lsm_built("lockdown")
} else := []

# enable_lsm adds a security module to the modules that the kernel starts.
enable_lsm(name) := set_param("lsm", sprintf("lsm=%s", [concat(",", array.concat([name], [l | some l in split(kernel.lsm_list, ","); l != ""]))])) if {
	kernel.lsm_built(name)
	not name in kernel.lsms
	kernel.lsm_list
} else := []

# set_sysctl sets a sysctl of the host where its last setting is made. The kernel
# reads sysctl.KEY= from its command line since 5.8, before the first program runs.
# It makes no edit if files of an image set the key later.
set_sysctl(key, value) := set_sysctl_at(setter(key), key, value)

# setter is the component that sets the key last, or "cmdline" if none does.
setter(key) := input.sysctl.settings[last].component if {
	places := kernel.sysctl_settings[key]
	last := places[count(places) - 1]
} else := "cmdline"

# set_sysctl_at sets a sysctl in a component, or on the command line.
set_sysctl_at("cmdline", key, value) := array.concat(
	without_params(object.get(kernel.sysctl_params, key, set())),
	append_words(param(sprintf("sysctl.%s", [key]), value)),
) if {
	settable_at_boot(key)
}

set_sysctl_at("cmdline", key, _) := [] if not settable_at_boot(key)

# settable_at_boot: the command line can set the key before a program runs. Keys of
# modules do not exist yet, and kernel.modules_disabled would block all modules.
settable_at_boot(key) if {
	kernel.at_least("5.8")
	key != "kernel.modules_disabled"
	not startswith(key, "net.netfilter.")
	not modular_ipv6(key)
}

# modular_ipv6: the key belongs to IPv6, and IPv6 is a module.
modular_ipv6(key) if {
	startswith(key, "net.ipv6.")
	kernel.value("CONFIG_IPV6") == "m"
}

set_sysctl_at(id, key, value) := [e |
	some c in input.components
	c.id == id
	some e in array.concat(set_written_sysctl(c, key, value), set_sysctl_argument(c, key, value))
] if id != "cmdline"

# set_written_sysctl changes a key that os.yml sets under sysctl.
set_written_sysctl(c, key, value) := [e |
	some name, _ in lib.obj(written(c).sysctl)
	kernel.sysctl_key(name) == key
	some e in set_op(c, sprintf("/sysctl/%s", [escape(name)]), value)
]

# set_component_sysctl sets a key under sysctl of a component, and keeps the keys
# of its label.
set_component_sysctl(c, key, value) := own if {
	own := set_written_sysctl(c, key, value)
	count(own) > 0
} else := set_op(c, "/sysctl", object.union(object.filter(lib.obj(label(c).sysctl), others), {key: value})) if {
	not has_key(written(c), "sysctl")
	has_key(label(c), "sysctl")
	others := [name | some name, _ in lib.obj(label(c).sysctl); kernel.sysctl_key(name) != key]
} else := set_op(c, sprintf("/sysctl/%s", [escape(key)]), value)

# set_sysctl_argument changes a key that an argument of the command sets, as in
# `sysctl -w KEY=VALUE`.
set_sysctl_argument(c, key, value) := [e |
	some i, text in list_of(written(c), "command")
	parts := split(text, "=")
	count(parts) == 2
	kernel.sysctl_key(trim_space(parts[0])) == key
	some e in set_op(c, sprintf("/command/%d", [i]), sprintf("%s=%s", [parts[0], value]))
]

# without_sysctl removes the setting of a key from a component.
without_sysctl(c, key) := [e |
	some name, _ in lib.obj(written(c).sysctl)
	kernel.sysctl_key(name) == key
	some e in remove_op(c, sprintf("/sysctl/%s", [escape(name)]))
] if {
	has_key(written(c), "sysctl")
} else := set_op(c, "/sysctl", {name: v | some name, v in lib.obj(label(c).sysctl); kernel.sysctl_key(name) != key})

# escape makes a name a step of a JSON pointer.
escape(name) := replace(replace(name, "~", "~0"), "/", "~1")

# require_signed_modules makes the kernel refuse unsigned modules, if it can check
# signatures.
require_signed_modules := set_param("module.sig_enforce", "module.sig_enforce=1") if {
	kernel.on("CONFIG_MODULE_SIG")
} else := []

# first_nonempty is the first list of edits, or the second if the first is empty.
first_nonempty(first, _) := first if count(first) > 0

first_nonempty(first, second) := second if count(first) == 0

# unless_needed joins lists of edits, or is empty if the edits remove something that
# the component needs.
unless_needed(lists, needs) := array.flatten(lists) if count(needs) == 0

unless_needed(_, needs) := [] if count(needs) > 0

# loss_note says what a component loses through an edit, and how to keep it.
loss_note(c, what) := sprintf("%s then has no %s. If the component needs this access, write an allowance or a waiver", [c.id, what])

# move_sysctl_to_cmdline moves a setting for the whole system from a component to
# the command line.
move_sysctl_to_cmdline(c, key, value) := array.concat(without_sysctl(c, key), append_words(param(sprintf("sysctl.%s", [key]), value))) if {
	settable_at_boot(key)
	count(kernel.sysctl_values(key)) == 1
	not regex.match(`\s`, value)
} else := without_sysctl(c, key)

# without_overridden_sysctls keeps only the last setting of a key. It makes no edit
# if an earlier setting is in an image.
without_overridden_sysctls(key) := array.flatten([remove_setting(s, key) | some s in early]) if {
	early := overridden_settings(key)
	every s in early {
		count(remove_setting(s, key)) > 0
	}
} else := []

# without_sysctl_settings removes all settings of a key.
without_sysctl_settings(key) := array.flatten([remove_setting(s, key) | some s in found]) if {
	found := [input.sysctl.settings[i] | some i in sort(kernel.sysctl_settings[key])]
	every s in found {
		count(remove_setting(s, key)) > 0
	}
} else := []

# overridden_settings are the settings of a key that have no effect.
overridden_settings(key) := [s |
	some i in sort(kernel.sysctl_settings[key])
	s := input.sysctl.settings[i]
	trim_space(s.value) != kernel.sysctl(key)
]

# remove_setting removes one setting of a key. It is empty for a setting in an
# image.
remove_setting(s, key) := without_params([p |
	some p in kernel.sysctl_params[key]
	p.value == s.value
]) if {
	s.component == "cmdline"
} else := [e |
	s.source == "spec"
	some c in input.components
	c.id == s.component
	some e in without_sysctl(c, key)
]
