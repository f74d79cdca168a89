package seaworthy.test.edit_users

import data.seaworthy.edit

# c is a component with an entry in os.yml, the user of its image, and a spec.
c(entry, user, spec) := {
	"id": "services/web", "name": "web", "section": "services", "entry": entry,
	"image": {"labels": {}, "user": user, "reference": "r:1", "digest": "sha256:0"},
	"files": {"setid": []},
	"spec": object.union({"process": {"user": {"uid": 0, "gid": 0}}}, spec),
}

plain := c({}, "", {})

set(path, v) := {"op": "set", "component": "services/web", "path": path, "value": v}

out(path) := {"op": "remove", "component": "services/web", "path": path}

test_as_user if {
	edit.as_user(plain) == [set("/uid", "web"), set("/gid", "web")]
	setuid := object.union(plain, {"files": {"setid": [{"path": "/su"}]}})
	edit.as_user(setuid) == [set("/uid", "web"), set("/gid", "web"), set("/noNewPrivileges", true)]
	closed := object.union(setuid, {"spec": {"process": {"noNewPrivileges": true}}})
	edit.as_user(closed) == [set("/uid", "web"), set("/gid", "web")]
}

# The image names users by its own passwd file, which the builder does not read. Ids
# above the range of `userns: auto` do not build there.
test_image_user if {
	every user, want in {
		"33:33": 33, "65535": 65535, "65536": "web", "99999": "web", "1234567": "web",
		"nginx": "web", "0": "web", "007": "web",
	} {
		edit.user_number(c({}, user, {})) == want
	}
}

# The name root means 0.
test_named_root if {
	edit.user_number(object.union(plain, {"name": "root"})) == 102 with input as {"components": [{}, {}]}
}

# users has mappings of users and groups.
users(uids, gids) := {"linux": {"namespaces": [{"type": "user"}], "uidMappings": uids, "gidMappings": gids}}

ids(inside, outside, size) := {"containerID": inside, "hostID": outside, "size": size}

# The user namespace must have the id, as user and as group.
test_mapped if {
	every what, case in {
		"whole range": [ids(0, 655360, 65536), "33", 33],
		"no room for names": [ids(0, 655360, 50), "", 1],
		"no room for the user of the image": [ids(0, 655360, 50), "90", 1],
		"the user of the image": [ids(0, 655360, 50), "49", 49],
		"one after the last": [ids(0, 655360, 50), "50", 1],
		"room for names, with two components": [ids(0, 655360, 103), "", "web"],
		"room for one name only": [ids(0, 655360, 101), "", 1],
		"ids of the middle": [ids(200, 9, 5), "", 200],
		"the first is root of the host": [ids(200, 0, 5), "", 201],
		"the user of the image is root of the host": [ids(30, 0, 5), "30", 31],
	} {
		m := [case[0]]
		web := c({}, case[1], users(m, m))
		[what, edit.user_number(web)] == [what, case[2]] with input as {"components": [web, {}]}
	}
}

test_no_other_user if {
	every pair in [
		[[ids(0, 9, 1)], [ids(0, 9, 1)]],
		[[ids(5, 0, 1)], [ids(5, 0, 1)]],
		[[ids(0, 9, 50)], [ids(0, 9, 1)]],
		[[ids(0, 9, 50)], [ids(100, 9, 50)]],
		[[ids(0, 9, 50)], []],
		[[], [ids(0, 9, 50)]],
	] {
		web := c({}, "", users(pair[0], pair[1]))
		edit.unprivileged(web) == []
		contains(edit.unprivileged_fix(web), "has no user but the host's root")
	}
}

# A component that joins a user namespace has its ids.
test_joined if {
	first := object.union(c({}, "", users([ids(0, 9, 20)], [ids(0, 9, 20)])), {"id": "onboot/first", "name": "first", "section": "onboot", "runtime": {"bindNS": {"user": "/run/ns"}}})
	web := c({}, "33", {"linux": {"namespaces": [{"type": "user", "path": "/run/ns"}]}})
	edit.user_number(web) == 1 with input as {"components": [first, web]}
	edit.user_number(web) == 33 with input as {"components": [web]}
}

test_own_users if {
	edit.own_users(plain) == [set("/userns", "auto")]
	edit.own_users(c({"userns": "new", "uidMappings": []}, "", {})) == [out("/uidMappings"), set("/userns", "auto")]
	edit.host_users(c({"userns": "new", "uidMappings": []}, "", {})) == [out("/userns"), out("/uidMappings")]
	startswith(edit.own_users_fix(plain), "set `userns: auto`")
}

# The range of `userns: auto` has ids below 65536.
test_own_users_large if {
	every user in [{"uid": 65536}, {"gid": 65536}, {"additionalGids": [5, 65536]}] {
		web := object.union(plain, {"spec": {"process": {"user": user}}})
		edit.own_users(web) == []
		contains(edit.own_users_fix(web), "it now has the ids 65536")
	}
	edit.own_users(object.union(plain, {"spec": {"process": {"user": {"uid": 65535, "additionalGids": [1]}}}})) == [set("/userns", "auto")]
}

# Root gets another user. Another user loses the capabilities that make it root.
test_not_root if {
	held := {"process": {"user": {"uid": 0}, "capabilities": {"bounding": ["CAP_SETUID"], "permitted": ["CAP_SETUID"], "effective": ["CAP_SETUID"]}}}
	root := c({"capabilities": ["CAP_SETUID"]}, "", held)
	set("/uid", "web") in edit.not_root(root)
	startswith(edit.not_root_fix(root), "run services/web as a user")
	other := c({"capabilities": ["CAP_SETUID"]}, "", object.union(held, {"process": {"user": {"uid": 9}}}))
	{e.path | some e in edit.not_root(other)} == {"/capabilities"}
	contains(edit.not_root_fix(other), "CAP_SETUID")
	not contains(edit.not_root_fix(other), "run services/web as a user")
}
