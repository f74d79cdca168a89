# Edits of the kernel's command line, and of sysctls by way of it.
package seaworthy.edit

import data.seaworthy.kernel
import data.seaworthy.lib

cmdline_path := "/kernel/cmdline"

append_words(words) := [{"op": "append", "path": cmdline_path, "value": words}]

remove_word(word) := [{"op": "remove", "path": cmdline_path, "value": word}]

# word is a parameter as it stands on the command line.
word(p) := param(p.name, p.value) if is_string(p.value)

word(p) := p.name if not is_string(p.value)

# param gives a parameter a value. One with blanks stands in quotes, which the
# kernel takes off.
param(name, value) := sprintf("%s=%s", [name, value]) if {
	not regex.match(`\s`, value)
} else := sprintf(`%s="%s"`, [name, value])

# without_params removes those whose name and value the rows say are bad.
without_params(bad) := array.flatten([remove_word(w) | some w in {word(p) | some p in bad}])

# params_of are those that os.yml can change: not what is built into the kernel.
params_of(name) := {p |
	some p in object.get(kernel.params_named, kernel.param_name(name), set())
	not p.builtIn
}

# set_param puts one word in the place of all that the parameter had.
set_param(name, words) := array.concat(without_params(params_of(name)), append_words(words))

# lockdown asks for a mode, where the kernel can give it. The module may be
# built in and yet wait to be listed.
lockdown(mode) := set_param("lockdown", sprintf("lockdown=%s", [mode])) if {
	kernel.lockdown_possible
} else := array.concat(enable_lsm("lockdown"), set_param("lockdown", sprintf("lockdown=%s", [mode]))) if {
	kernel.lsm_built("lockdown")
} else := []

# enable_lsm adds a security module to those that the kernel starts.
enable_lsm(name) := set_param("lsm", sprintf("lsm=%s", [concat(",", array.concat([name], [l | some l in split(kernel.lsm_list, ","); l != ""]))])) if {
	kernel.lsm_built(name)
	not name in kernel.lsms
	kernel.lsm_list
} else := []

# set_sysctl sets a key where nothing that runs later sets it otherwise. The kernel
# takes sysctl.KEY= from its command line since 5.8, before the first program
# runs: what a component's files say afterwards holds, and is the image's.
set_sysctl(key, value) := set_sysctl_at(setter(key), key, value)

# setter is the component whose setting holds; "cmdline" where none does.
setter(key) := input.sysctl.settings[last].component if {
	places := kernel.sysctl_settings[key]
	last := places[count(places) - 1]
} else := "cmdline"

set_sysctl_at("cmdline", key, value) := array.concat(
	without_params(object.get(kernel.sysctl_params, key, set())),
	append_words(param(sprintf("sysctl.%s", [key]), value)),
) if {
	settable_at_boot(key)
}

set_sysctl_at("cmdline", key, _) := [] if not settable_at_boot(key)

# settable_at_boot: the kernel takes the key from its command line, and it may be set
# before anything runs. Keys of a module are not there yet, and
# kernel.modules_disabled would keep every module out.
settable_at_boot(key) if {
	kernel.at_least("5.8")
	key != "kernel.modules_disabled"
	not startswith(key, "net.netfilter.")
	not modular_ipv6(key)
}

modular_ipv6(key) if {
	startswith(key, "net.ipv6.")
	kernel.value("CONFIG_IPV6") == "m"
}

set_sysctl_at(id, key, value) := [e |
	some c in input.components
	c.id == id
	some e in array.concat(set_written_sysctl(c, key, value), set_sysctl_argument(c, key, value))
] if id != "cmdline"

set_written_sysctl(c, key, value) := [e |
	some name, _ in lib.obj(written(c).sysctl)
	kernel.sysctl_key(name) == key
	some e in set_op(c, sprintf("/sysctl/%s", [escape(name)]), value)
]

# set_component_sysctl sets a key of a component, whether or not it has such keys yet.
set_component_sysctl(c, key, value) := own if {
	own := set_written_sysctl(c, key, value)
	count(own) > 0
} else := set_op(c, "/sysctl", object.union(object.filter(lib.obj(label(c).sysctl), others), {key: value})) if {
	not has_key(written(c), "sysctl")
	has_key(label(c), "sysctl")
	others := [name | some name, _ in lib.obj(label(c).sysctl); kernel.sysctl_key(name) != key]
} else := set_op(c, sprintf("/sysctl/%s", [escape(key)]), value)

# A component may set it by an argument of the program sysctl.
set_sysctl_argument(c, key, value) := [e |
	some i, text in list_of(written(c), "command")
	parts := split(text, "=")
	count(parts) == 2
	kernel.sysctl_key(trim_space(parts[0])) == key
	some e in set_op(c, sprintf("/command/%d", [i]), sprintf("%s=%s", [parts[0], value]))
]

# without_sysctl takes a component's own setting of a key away.
without_sysctl(c, key) := [e |
	some name, _ in lib.obj(written(c).sysctl)
	kernel.sysctl_key(name) == key
	some e in remove_op(c, sprintf("/sysctl/%s", [escape(name)]))
] if {
	has_key(written(c), "sysctl")
} else := set_op(c, "/sysctl", {name: v | some name, v in lib.obj(label(c).sysctl); kernel.sysctl_key(name) != key})

escape(name) := replace(replace(name, "~", "~0"), "/", "~1")

# require_signed_modules makes the kernel refuse modules that nobody signed, where it
# can tell.
require_signed_modules := set_param("module.sig_enforce", "module.sig_enforce=1") if {
	kernel.on("CONFIG_MODULE_SIG")
} else := []

# first_nonempty is the first way that there is.
first_nonempty(first, _) := first if count(first) > 0

first_nonempty(first, second) := second if count(first) == 0

# unless_needed are all edits, or none where one of them would take what is needed.
unless_needed(lists, needs) := array.flatten(lists) if count(needs) == 0

unless_needed(_, needs) := [] if count(needs) > 0

# loss_note says what a component loses by an edit, and how to keep it.
loss_note(c, what) := sprintf("%s then has no %s; if it needs that, an allowance or a waiver says why", [c.id, what])

# move_sysctl_to_cmdline takes a component's setting for the whole system to where the
# system's settings are made.
move_sysctl_to_cmdline(c, key, value) := array.concat(without_sysctl(c, key), append_words(param(sprintf("sysctl.%s", [key]), value))) if {
	settable_at_boot(key)
	count(kernel.sysctl_values(key)) == 1
	not regex.match(`\s`, value)
} else := without_sysctl(c, key)

# without_overridden_sysctls leaves the setting of a key that holds: the last one. None can be
# taken out of an image.
without_overridden_sysctls(key) := array.flatten([remove_setting(s, key) | some s in early]) if {
	early := overridden_settings(key)
	every s in early {
		count(remove_setting(s, key)) > 0
	}
} else := []

# without_sysctl_settings takes every setting of a key away.
without_sysctl_settings(key) := array.flatten([remove_setting(s, key) | some s in found]) if {
	found := [input.sysctl.settings[i] | some i in sort(kernel.sysctl_settings[key])]
	every s in found {
		count(remove_setting(s, key)) > 0
	}
} else := []

overridden_settings(key) := [s |
	some i in sort(kernel.sysctl_settings[key])
	s := input.sysctl.settings[i]
	trim_space(s.value) != kernel.sysctl(key)
]

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
