# METADATA
# description: Components, resources and findings, in the form that all rules use.
package seaworthy.lib

import data.seaworthy.given

# container_sections are the sections whose components run as containers, and so
# have an effective spec.
container_sections := {"onboot", "onshutdown", "services"}

# containers are the components with an effective spec. This and similar lists are
# arrays, because sets would compare whole components with each other.
containers := [c | some c in input.components; has_spec(c)]

# services are the containers of the services section.
services := [c | some c in containers; c.section == "services"]

# onboot are the containers of the onboot section.
onboot := [c | some c in containers; c.section == "onboot"]

# has_spec: the component has an effective spec.
has_spec(c) if is_object(c.spec)

# resource is the resource of a finding about a component.
resource(c) := sprintf("component:%s", [c.id])

# image_resource is the resource of a finding about the whole image.
image_resource := sprintf("image:%s", [input.name])

# no_spec are the unknown entries for containers without an effective spec.
no_spec contains no_spec_entry(c) if {
	some c in input.components
	c.section in container_sections
	not has_spec(c)
}

# no_spec_services are the entries of no_spec for the services section.
no_spec_services contains no_spec_entry(c) if {
	some c in input.components
	c.section == "services"
	not has_spec(c)
}

# no_spec_entry is the unknown entry for one container.
no_spec_entry(c) := {
	"resource": resource(c),
	"reason": "the effective runtime spec is missing",
}

# no_files are the unknown entries for components whose files were not read, or
# whose file lists are truncated: a file that is not listed may break a rule.
no_files contains entry if {
	some c in input.components
	not files_known(c)
	entry := {"resource": resource(c), "reason": files_unknown(c)}
}

# files_unknown is the reason why the files of a component are unknown.
files_unknown(c) := "its files were not inventoried" if {
	not files_present(c)
} else := "its file list is truncated, so some files were not checked" if {
	c.files.truncated == true
}

# files_present: the files of the component were inventoried.
files_present(c) if c.files.present == true

# files_known: the file list of the component is complete.
files_known(c) if {
	files_present(c)
	not c.files.truncated == true
}

# inventoried are the components whose files were inventoried, at least in part.
inventoried := [c | some c in input.components; files_present(c)]

# file_sources are the components whose files a container can run: its own image and
# volumes. Each has the folder where the container sees these files.
file_sources(c) := array.concat([{"c": c, "at": ""}], [{"c": v, "at": p.destination} |
	some p in placed_in[c.id]
	not has_flag(p.m, "nosuid")
	some path in p.shows
	some v in input.components
	v.section == "volumes"
	path == sprintf("/containers/volumes/%s/merged", [v.name])
])

# privileged_files are the files that a container can run in one of the file lists
# of the facts, such as setuid files, with their paths in the container.
privileged_files(c, kind) := array.concat(own, of_host) if {
	own := [object.union(f, {"path": concat("", [source.at, f.path])}) |
		some source in file_sources(c)
		files_present(source.c)
		some f in arr(source.c.files[kind])
		not f.shadowed
	]

	# A folder of the host contains the files of init images.
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

# keeps_attributes: an image format can store the capabilities of files, or the
# formats are unknown.
keeps_attributes if count(arr(input.formats)) == 0

keeps_attributes if {
	some f in arr(input.formats)
	f.attributes == true
}

# unseen_files is the reason why some privileged_files may be unknown. It is undefined if
# they are.
unseen_files(c) := files_unknown(first) if {
	first := [source.c | some source in file_sources(c); not files_known(source.c)][0]
}

# distributed are the types of packages that distributions publish.
distributed := {"alpm", "apk", "deb", "portage", "rpm"}

# with_unreadable_packages are the unknown entries for components with software files
# that could not be read. Their contents are not among the packages.
with_unreadable_packages contains {"resource": resource(c), "reason": sprintf("the contents of these files are unknown, because they could not be read: %s", [one_line(c.sbom.unreadable)])} if {
	some c in input.components
	c.sbom.present == true
	count(arr(c.sbom.unreadable)) > 0
}

# finding adds the rule id and the resource to a finding about a component.
finding(id, c, body) := object.union({"id": id, "resource": resource(c)}, body)

# in_image is the place of what is in the image of a component: where os.yml names the image.
in_image(c) := object.union(c.image.origin, {"layer": "image"})

# allowed is the not-applicable entry for a finding that an allowance covers. An
# allowance lists rule ids and, for each, the keys that it covers; it never covers
# a whole rule. allowed is undefined if no allowance covers the finding.
allowed(f) := {"resource": f.resource, "reason": sprintf("allowed: %s", [entry.reason])} if {
	some entry in allowances[f.resource]
	f.key in entry.rules[f.id]
} else := {"resource": f.resource, "reason": sprintf("%s of the package %s %s", [row.names[0], row.packages[0], row.reason])} if {
	rows := [row | some row in observed[f.resource]; f.key in row.allows[f.id]]
	row := rows[0]
}

# allowances are the entries of given.components for each resource. They are found
# once, and not for every finding.
allowances[resource(c)] contains entry if {
	some c in input.components
	some entry in by_digest[c.image.digest]
}

# The repository includes the registry: another registry can serve any image under
# the same name.
allowances[resource(c)] contains entry if {
	some c in input.components
	some entry in by_repository[full_repository(c)]
	entry.section == c.section
	matches_pattern(entry.name, c.name)
}

# observed are the known programs that a component runs: the file of its command has
# the name, and the image contains the package of the program. The names of the
# component and of its image do not count.
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

# leads_to: the file of the command has the name.
leads_to(c, name) if {
	base(c.program.path) == name
}

# Busybox runs the applet that its first argument or the link to it names.
leads_to(c, name) if {
	base(c.program.path) == "busybox"
	applet(c) == name
}

# applet is the applet of busybox that a component runs.
applet(c) := base(args(c)[1]) if {
	base(c.program.name) == "busybox"
} else := base(c.program.name)

by_digest[entry.digest] contains entry if {
	some entry in given.components
	is_string(entry.digest)
}

by_repository[entry.repository] contains entry if some entry in given.components

# arr is the value if it is an array, or else an empty array. Go writes empty lists
# as null.
arr(x) := x if {
	is_array(x)
} else := []

# obj is the value if it is an object, or else an empty object.
obj(x) := x if {
	is_object(x)
} else := {}

# str is the value if it is a string, or else an empty string.
str(x) := x if {
	is_string(x)
} else := ""

# one_line joins a list for a message, sorted and shortened.
one_line(xs) := concat(", ", words) if {
	words := sort([sprintf("%v", [x]) | some x in xs])
	count(words) <= 10
} else := sprintf("%s and %d more", [concat(", ", array.slice(words, 0, 8)), count(words) - 8]) if {
	words := sort([sprintf("%v", [x]) | some x in xs])
}

# origin_layer is the layer that set the value at a JSON pointer of the effective
# spec: the layer of the longest prefix that has an origin.
origin_layer(c, pointer) := own if {
	own := obj(c.origins)[pointer].layer
} else := layers[count(layers) - 1] if {
	origins := obj(c.origins)
	steps := split(pointer, "/")
	prefixes := array.concat([""], [concat("/", array.slice(steps, 0, n)) | some n in numbers.range(1, count(steps))])
	layers := [origins[prefix].layer | some prefix in prefixes]
}

# root_user: the user of an image is root.
root_user(user) if split(user, ":")[0] in {"", "0", "root"}

# is_one_of: the component or its image has one of the names. A name can cause a
# finding, but not prevent one; see runs_one_of.
is_one_of(c, names) if c.name in names

is_one_of(c, names) if c.image.repository in names

is_one_of(c, names) if regex.replace(c.image.repository, `^.*/`, "") in names

# runs_one_of: the component starts one of the programs. This depends on the file of
# its command, and not on the names of the component and its image.
runs_one_of(c, names) if {
	c.program.format == "elf"
	base(c.program.path) in names
}

# A program that a script starts, or that is a script itself, counts if the image
# contains its package.
runs_one_of(c, names) if {
	some row in given.programs
	count({n | some n in row.names} & names) > 0
	not c.program.state in {"closed", "folder", "missing"}
	starts(c, row)
	some p in arr(c.sbom.packages)
	p.name in row.packages
}

# starts: the command names the program of the row, or the command is a script.
starts(c, row) if {
	some name in row.names
	name in programs(c)
}

starts(c, _) if c.program.format == "script"

# is_getty: the component is a login by its name, its image or its program, such as
# agetty or rungetty.sh.
is_getty(c) if is_one_of(c, {"getty"})

is_getty(c) if runs_getty(c)

# runs_getty: an argument of the component starts a getty.
runs_getty(c) if {
	some program in programs(c)
	regex.match(`^[a-z]*getty(\.sh)?$`, program)
}

# unasked is the option with which a getty skips the login: it asks for no name, logs
# in a fixed user, or starts a shell instead of login.
unasked(words) := [word | some word in words; skips_login(word)][0] if {
	some word in words
	skips_login(word)
} else := sprintf("%s %s", [words[i], words[i + 1]]) if {
	some i, word in words
	regex.match("^-[A-Za-z]*l$|^--login-program$", word)
	base(words[i + 1]) in {"ash", "bash", "dash", "sh", "zsh"}
}

skips_login(word) if regex.match("^-[A-Za-z]*[an]|^--(autologin|skip-login)(=|$)", word)

# terminal_shell: a shell reads its input from a terminal of the host.
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

# is_sshd: the component is an SSH server by its name, its image or its program.
is_sshd(c) if is_one_of(c, {"sshd", "dropbear", "openssh-server"})

is_sshd(c) if {
	some program in programs(c)
	regex.match(`^(sshd|dropbear|ssh\.sh)$`, program)
}

# cmdline_origin is the place in os.yml that sets the command line.
cmdline_origin := object.get(obj(input.cmdline), "origin", {})
