package seaworthy.test.lib

import data.seaworthy.lib

test_host_path if {
	lib.host_path("/var/run/docker.sock") == "/run/docker.sock"
	lib.host_path("/var/run") == "/run"
	lib.host_path("/var/runner") == "/var/runner"
	lib.host_path("/etc/resolv.conf") == "/run/resolvconf/resolv.conf"
	lib.host_path("/") == "/"
}

test_host_path_of_a_process if {
	every p in ["/proc/1/root", "/proc/self/root/", "/proc/thread-self/cwd", "/proc/2/task/2/root", "/proc/1/root/proc/self/root"] {
		lib.host_path(p) == "/"
	}
	lib.host_path("/proc/1/root/var/run/x") == "/run/x"
	lib.host_path("/proc/1/rootfs") == "/proc/1/rootfs"
	lib.host_path("/x/proc/1/root") == "/x/proc/1/root"
	lib.host_path("/proc/sys/root") == "/proc/sys/root"
}

# Paths in the files of another component may be links of its image.
test_host_path_in_an_image if {
	lib.host_path("/containers/volumes/v/merged/link") == "/"
	lib.host_path("/containers/services/web/lower/data") == "/"
	lib.host_path("/containers/volumes/v/merged") == "/containers/volumes/v/merged"
	lib.host_path("/containers/volumes/v/merged/") == "/containers/volumes/v/merged"
}

link(path, to) := {"path": path, "type": "symlink", "link": to}

leads(path, links) := where if {
	where := lib.host_path(path) with input as {"files": links}
}

test_host_path_by_links if {
	leads("/data", [link("/data", "/")]) == "/"
	leads("/data/etc", [link("/data", "/")]) == "/etc"
	leads("/srv/a/x", [link("/srv/a", "../etc")]) == "/etc/x"
	leads("/srv/a", [link("/srv/a", "b"), link("/srv/b", "c"), link("/srv/c", "/etc")]) == "/etc"
	leads("/srv/a", [link("/srv/a", "/var/run/b")]) == "/run/b"
	leads("/srv/a/b", [link("/srv/a/b", "/x"), link("/srv/a", "/y")]) == "/y/b"
	leads("/srv/ab", [link("/srv/a", "/etc")]) == "/srv/ab"
	leads("/srv/a", [{"path": "/srv/a", "type": "file", "link": ""}]) == "/srv/a"
}

# Images of the init section create the root together: the last link at a path counts,
# or the file that the files section writes there.
leads_by_images(path, images, files) := where if {
	where := lib.host_path(path) with input as {"files": files, "components": [{"files": {"links": links}} | some links in images]}
}

test_host_path_by_images if {
	first := [{"path": "/srv/a", "target": "/srv/b"}, {"path": "/var/run", "target": "/data"}]
	second := [{"path": "/srv/b", "target": "../etc"}]
	leads_by_images("/srv/a/x", [first, second], []) == "/etc/x"
	leads_by_images("/srv/a", [first, [{"path": "/srv/a", "target": "/opt"}]], []) == "/opt"
	leads_by_images("/srv/a", [first], [link("/srv/a", "/usr")]) == "/usr"
	leads_by_images("/srv/a", [first], [{"path": "/srv/a", "type": "dir", "link": ""}]) == "/srv/a"
	leads_by_images("/var/run", [first], []) == "/data"
	leads_by_images("/srv/a", [[]], []) == "/srv/a"
}

# A file with that name replaces the usual link.
test_host_path_of_a_file if {
	leads("/etc/resolv.conf", [{"path": "/etc/resolv.conf", "type": "file", "link": ""}]) == "/etc/resolv.conf"
	leads("/etc/resolv.conf", [link("/etc/resolv.conf", "/etc/shadow")]) == "/etc/shadow"
}

# Links in a ring, and more links than are followed.
test_host_path_without_an_end if {
	leads("/a", [link("/a", "/b"), link("/b", "/a")]) == "/"
	chain := [link(sprintf("/l%02d", [i]), sprintf("/l%02d", [i + 1])) | some i in numbers.range(1, 20)]
	leads("/l01", chain) == "/"
	leads("/l13", chain) == "/l21"
}
