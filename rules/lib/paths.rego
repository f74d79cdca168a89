# Paths: what their texts mean, and where they lead on the host.
package seaworthy.lib

# clean makes a path absolute and free of empty, "." and ".." steps; what
# climbs further than that is taken for the root.
clean(p) := no_climb(join_steps(twice)) if {
	once := regex.replace(join_steps(p), `/[^/]+/\.\.(/|$)`, "/")
	twice := regex.replace(join_steps(once), `/[^/]+/\.\.(/|$)`, "/")
}

join_steps(p) := concat("", ["/", concat("/", [s | some s in split(p, "/"); not s in {"", "."}])])

no_climb(p) := "/" if {
	contains(p, "/..")
} else := p

# under: p is dir or lies below it. Both are clean.
under(p, dir) if p == dir

under(p, dir) if startswith(p, concat("", [trim_suffix(dir, "/"), "/"]))

# folders are the path and all that it lies below. The path is clean.
folders(p) := {concat("/", array.slice(steps, 0, n)) | some n in numbers.range(2, count(steps))} | {"/"} if {
	steps := split(p, "/")
}

# host_path is where a path leads on the host. Where nobody can say it is the
# root: where links do not come to an end, or are an image's, as in the files of
# another component.
host_path(p) := resolved(follow_twice(follow_twice(follow_twice(follow_twice(clean(p))))))

resolved(p) := p if {
	step(p) == p
} else := "/"

follow_twice(p) := step(step(p))

# The root and the folder of a process of the host's are the host's.
step(p) := clean(concat("/", ["", rest])) if {
	rest := regex.replace(p, `^/proc/([0-9]+|self|thread-self)(/task/[0-9]+)?/(root|cwd)(/|$)`, "")
	rest != p
} else := "/" if {
	regex.match(`^/containers/[^/]+/[^/]+/[^/]+/`, p)
} else := clean(concat("/", [link_target(first), substring(p, count(first), -1)])) if {
	first := min(object.keys(links) & folders(p))
} else := p

link_target(link) := links[link] if {
	startswith(links[link], "/")
} else := concat("/", [link, "..", links[link]])

# links are those that every system has, those of images that make the host's root,
# of which the last counts, and those of the files section, which is written last.
links := object.union_n(array.concat(
	[object.remove(system_links, written)],
	array.concat(image_links, [{clean(f.path): f.link | some f in files; f.type == "symlink"}]),
))

image_links := [{path: l.target} |
	some c in input.components
	some l in arr(object.get(c, ["files", "links"], []))
	path := clean(l.path)
	not path in written
]

written := {clean(f.path) | some f in files}

files := arr(object.get(input, "files", []))

system_links := {
	"/var/run": "/run", "/var/lock": "/run/lock", "/dev/fd": "/proc/self/fd",
	"/etc/resolv.conf": "/run/resolvconf/resolv.conf",
}
