# METADATA
# description: Components, resources and findings, as every rule names them.
package seaworthy.lib

import data.seaworthy.given

# Sections whose components run as containers and so have an effective spec.
container_sections := {"onboot", "onshutdown", "services"}

# Arrays, not sets: sets would compare whole components with each other.
containers := [c | some c in input.components; has_spec(c)]

services := [c | some c in containers; c.section == "services"]

onboot := [c | some c in containers; c.section == "onboot"]

has_spec(c) if is_object(c.spec)

resource(c) := sprintf("component:%s", [c.id])

image_resource := sprintf("image:%s", [input.name])

# A container without an effective spec: nothing can be said about it.
no_spec contains no_spec_entry(c) if {
	some c in input.components
	c.section in container_sections
	not has_spec(c)
}

no_spec_services contains no_spec_entry(c) if {
	some c in input.components
	c.section == "services"
	not has_spec(c)
}

no_spec_entry(c) := {
	"resource": resource(c),
	"reason": "the effective runtime spec is missing",
}

# Components whose files were not looked at, or whose lists of files were cut
# off: what is not listed may be what a rule looks for.
no_files contains entry if {
	some c in input.components
	not files_known(c)
	entry := {"resource": resource(c), "reason": files_unknown(c)}
}

files_unknown(c) := "its files were not inventoried" if {
	not files_present(c)
} else := "more of its files stood out than the facts list, so some were not looked at" if {
	c.files.truncated == true
}

files_present(c) if c.files.present == true

files_known(c) if {
	files_present(c)
	not c.files.truncated == true
}

# Components whose files were looked at, if only at some.
inventoried := [c | some c in input.components; files_present(c)]

# file_sources are the components whose files a container may run, and the
# folder at which it has them: its own image's, and those of volumes.
file_sources(c) := array.concat([{"c": c, "at": ""}], [{"c": v, "at": p.destination} |
	some p in placed_in[c.id]
	not has_flag(p.m, "nosuid")
	some path in p.shows
	some v in input.components
	v.section == "volumes"
	path == sprintf("/containers/volumes/%s/merged", [v.name])
])

# privileged_files are what lies there in one of the lists of files that stood
# out, by the path in the container.
privileged_files(c, kind) := array.concat(own, of_host) if {
	own := [object.union(f, {"path": concat("", [source.at, f.path])}) |
		some source in file_sources(c)
		files_present(source.c)
		some f in arr(source.c.files[kind])
		not f.shadowed
	]

	# A folder of the host has what init images bring.
	of_host := [object.union(f, {"path": clean(concat("/", [p.destination, trim_prefix(f.path, path)]))}) |
		some p in placed_in[c.id]
		not has_flag(p.m, "nosuid")
		some path in p.shows
		some v in input.components
		v.section == "init"
		files_present(v)
		some f in arr(v.files[kind])
		not f.shadowed
		under(f.path, path)
	]
}

# keeps_attributes: the image holds capabilities of files, or may.
keeps_attributes if count(arr(input.formats)) == 0

keeps_attributes if {
	some f in arr(input.formats)
	f.attributes == true
}

# unseen_files says why not all of them are known; undefined where they are.
unseen_files(c) := files_unknown(first) if {
	first := [source.c | some source in file_sources(c); not files_known(source.c)][0]
}

# distributed are the types of packages that distributions make.
distributed := {"alpm", "apk", "deb", "portage", "rpm"}

# with_unreadable_packages are components with files that look like software and could not be
# read: what they hold is not among the packages.
with_unreadable_packages contains {"resource": resource(c), "reason": sprintf("what they hold is not known, for they could not be read: %s", [one_line(c.sbom.unreadable)])} if {
	some c in input.components
	c.sbom.present == true
	count(arr(c.sbom.unreadable)) > 0
}

# finding completes what a rule says about a component.
finding(id, c, body) := object.union({"id": id, "resource": resource(c)}, body)

# allowed is defined where given.components grants this very finding, and says
# why. An allowance names rule ids and, for each, the keys that it covers;
# nothing is covered as a whole.
allowed(f) := {"resource": f.resource, "reason": sprintf("allowed: %s", [entry.reason])} if {
	some entry in allowances[f.resource]
	f.key in entry.rules[f.id]
} else := {"resource": f.resource, "reason": sprintf("%s of the package %s %s", [row.names[0], row.packages[0], row.reason])} if {
	rows := [row | some row in observed[f.resource]; f.key in row.allows[f.id]]
	row := rows[0]
}

# allowances are the entries for each component, found once and not for every
# finding.
allowances[resource(c)] contains entry if {
	some c in input.components
	some entry in by_digest[c.image.digest]
}

# The registry is part of the repository: another one may serve anything under
# the same name.
allowances[resource(c)] contains entry if {
	some c in input.components
	some entry in by_repository[full_repository(c)]
	entry.section == c.section
	matches_pattern(entry.name, c.name)
}

# observed are the rows of known programs that a component is seen to be: the file
# that its command leads to has the name, and the package that brings it is in
# the image. What a component and its image are called does not count.
observed[resource(c)] := rows if {
	some c in containers
	rows := [row |
		some row in given.programs
		c.section in row.sections
		is_program(c, row)
	]
	count(rows) > 0
}

is_program(c, row) if {
	c.program.state == "found"
	c.program.format != "script"
	some name in row.names
	leads_to(c, name)
	some p in arr(c.sbom.packages)
	p.name in row.packages
	p.type in distributed
}

leads_to(c, name) if {
	base(c.program.path) == name
}

# Busybox is the program that its first argument or the link to it names.
leads_to(c, name) if {
	base(c.program.path) == "busybox"
	applet(c) == name
}

applet(c) := base(args(c)[1]) if {
	base(c.program.name) == "busybox"
} else := base(c.program.name)

by_digest[entry.digest] contains entry if {
	some entry in given.components
	is_string(entry.digest)
}

by_repository[entry.repository] contains entry if some entry in given.components

# arr turns Go's null lists into empty ones.
arr(x) := x if {
	is_array(x)
} else := []

obj(x) := x if {
	is_object(x)
} else := {}

str(x) := x if {
	is_string(x)
} else := ""

# one_line joins a list for a message: sorted, and not more than a reader takes in.
one_line(xs) := concat(", ", words) if {
	words := sort([sprintf("%v", [x]) | some x in xs])
	count(words) <= 10
} else := sprintf("%s and %d more", [concat(", ", array.slice(words, 0, 8)), count(words) - 8]) if {
	words := sort([sprintf("%v", [x]) | some x in xs])
}

# origin_layer says who set the value at a JSON pointer of the effective spec:
# the origin of its longest prefix that has one, which is mostly all of it.
origin_layer(c, pointer) := own if {
	own := obj(c.origins)[pointer].layer
} else := layers[count(layers) - 1] if {
	origins := obj(c.origins)
	steps := split(pointer, "/")
	prefixes := array.concat([""], [concat("/", array.slice(steps, 0, n)) | some n in numbers.range(1, count(steps))])
	layers := [origins[prefix].layer | some prefix in prefixes]
}

root_user(user) if split(user, ":")[0] in {"", "0", "root"}

# is_one_of: a component of this name, or whose image is called so. A name can be a
# reason to look, and none to be content: see runs_one_of.
is_one_of(c, names) if c.name in names

is_one_of(c, names) if c.image.repository in names

is_one_of(c, names) if regex.replace(c.image.repository, `^.*/`, "") in names

# runs_one_of: what a component starts is one of these programs. Its own name and
# its image's say nothing of that: the file does to which its command leads.
runs_one_of(c, names) if {
	c.program.format == "elf"
	base(c.program.path) in names
}

# One that a script starts, or that is written in a language of scripts, is in a
# package of the image.
runs_one_of(c, names) if {
	some row in given.programs
	count({n | some n in row.names} & names) > 0
	not c.program.state in {"closed", "folder", "missing"}
	starts(c, row)
	some p in arr(c.sbom.packages)
	p.name in row.packages
}

starts(c, row) if {
	some name in row.names
	name in programs(c)
}

starts(c, _) if c.program.format == "script"

# A login by its name, its image's, or its program's: agetty, rungetty.sh.
is_getty(c) if is_one_of(c, {"getty"})

is_getty(c) if runs_getty(c)

runs_getty(c) if {
	some program in programs(c)
	regex.match(`^[a-z]*getty(\.sh)?$`, program)
}

# unasked is the option by which a getty logs somebody in: without a name, as a
# user that it is told, or by a shell in the place of login.
unasked(words) := [word | some word in words; asks_nobody(word)][0] if {
	some word in words
	asks_nobody(word)
} else := sprintf("%s %s", [words[i], words[i + 1]]) if {
	some i, word in words
	regex.match("^-[A-Za-z]*l$|^--login-program$", word)
	base(words[i + 1]) in {"ash", "bash", "dash", "sh", "zsh"}
}

asks_nobody(word) if regex.match("^-[A-Za-z]*[an]|^--(autologin|skip-login)(=|$)", word)

# terminal_shell: a shell reads what somebody types at a terminal of the host.
terminal_shell(c) if {
	some command in commands(c)
	is_shell(command[0])
	some i, word in command
	from_terminal(word, array.slice(command, i + 1, i + 2))
}

from_terminal(word, _) if regex.match(`^0?<>?/dev/(console|hvc|tty)`, word)

from_terminal(word, [file]) if {
	regex.match(`^0?<>?$`, word)
	regex.match(`^/dev/(console|hvc|tty)`, file)
}

is_sshd(c) if is_one_of(c, {"sshd", "dropbear", "openssh-server"})

is_sshd(c) if {
	some program in programs(c)
	regex.match(`^(sshd|dropbear|ssh\.sh)$`, program)
}

cmdline_origin := object.get(obj(input.cmdline), "origin", {})
