package seaworthy.test.lib.containerd

import data.seaworthy.lib
import data.seaworthy.testing as t

test_places if {
	{p.resource | some p in lib.containerd_known} == {"component:init/000"} with input as t.containerd({})
	{p.resource | some p in lib.containerd_known} == {"file:/etc/containerd/config.toml"} with input as t.containerd_file({})
	lib.containerd_known == set() with input as t.good
}

test_checked if {
	lib.containerd_checked == {"component:init/000"} with input as t.containerd({})
	lib.containerd_checked == {"component:init/000", "file:/etc/containerd/config.toml"} with input as t.containerd_file({})
	lib.containerd_checked == set() with input as t.good
}

test_unknown if {
	system := t.containerd({"error": "line 1: no"})
	t.tells(lib.containerd_unknown, "component:init/000") with input as system
	lib.containerd_known == set() with input as system
	lib.containerd_checked == {"component:init/000"} with input as system
	t.tells(lib.containerd_unknown, "component:init/000") with input as t.put(t.good, "/components/1/files/present", false)
	lib.containerd_unknown == set() with input as t.no_files
	lib.containerd_unknown == set() with input as t.containerd({})
}
