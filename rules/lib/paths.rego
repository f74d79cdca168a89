# Paths, and the paths on the host that they resolve to.
package seaworthy.lib

# clean makes a path absolute and removes empty, "." and ".." steps. A path that
# still has ".." after two passes counts as the root.
clean(p) := no_climb(join_steps(twice)) if {
	once := regex.replace(join_steps(p), `/[^/]+/\.\.(/|$)`, "/")
	twice := regex.replace(join_steps(once), `/[^/]+/\.\.(/|$)`, "/")
}

join_steps(p) := concat("", ["/", concat("/", [s | some s in split(p, "/"); not s in {"", "."}])])

no_climb(p) := "/" if {
	contains(p, "/..")
} else := p

# under: the path p is dir, or is below it. Both paths must be clean.
under(p, dir) if p == dir

under(p, dir) if startswith(p, concat("", [trim_suffix(dir, "/"), "/"]))

# folders are the path and all folders above it. The path must be clean.
folders(p) := {concat("/", array.slice(steps, 0, n)) | some n in numbers.range(2, count(steps))} | {"/"} if {
	steps := split(p, "/")
}

# host_path is a path on the host with links resolved. It is the root if that is
# unknown: if links form a ring, or are in the files of a component.
host_path(p) := resolved(follow_twice(follow_twice(follow_twice(follow_twice(clean(p))))))

resolved(p) := p if {
	step(p) == p
} else := "/"

follow_twice(p) := step(step(p))

# step resolves one link. The folders root and cwd of a process in /proc count as
# the root of the host.
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

# links are the links of the root filesystem: those of every system, those of init
# images, and those of the files section. The last link at a path counts.
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
