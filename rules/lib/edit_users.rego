package seaworthy.edit

import data.seaworthy.lib

# as_user runs a component as the user of its image, or as the user that init
# assigns to its name, with a group of the same number. Setuid programs would
# restore root, so it also blocks them. It does not change the user of a program that
# must be root. It is undefined without user_number.
as_user(c) := block_setuid(c) if {
	must_be_root(c)
} else := array.flatten([set_op(c, "/uid", number), set_op(c, "/gid", number), block_setuid(c)]) if {
	number := user_number(c)
}

# ids_per_container is the size of the range of ids that `userns: auto` gives.
ids_per_container := 65536

# first_id is the id of the first component. The builder numbers the containers, and
# `uid: NAME` means the number of the container NAME. Only the name root means 0.
first_id := 100

# unnamed_id is an id that is above those of all names.
unnamed_id := first_id + count([c | some c in input.components])

# user_number is the uid for as_user: the number in the image, or the name of the
# component, which the builder turns into a number, or another number. The user
# namespace of the component must have it, and map it to a user that is not the
# host's root. It is undefined if there is none.
user_number(c) := number if {
	number := image_number(c)
	has_id(c, number)
} else := c.name if {
	c.name != "root"
	every number in [first_id, unnamed_id] {
		has_id(c, number)
	}
} else := unnamed_id if {
	has_id(c, unnamed_id)
} else := min({number | some number in first_mapped(c); has_id(c, number)})

# image_number is the user of the image if it is a number. Larger numbers are not in
# the range of `userns: auto`.
image_number(c) := number if {
	user := split(lib.str(c.image.user), ":")[0]
	regex.match(`^[1-9][0-9]{0,4}$`, user)
	number := to_number(user)
	number < ids_per_container
}

# has_id: processes of the component can have this id as user and as group, and it
# is not root of the host.
has_id(c, id) if {
	id > 0
	every mappings in id_mappings(c) {
		some m in mappings
		id >= m.containerID
		id < m.containerID + m.size
		m.hostID + id != m.containerID
	}
}

# id_mappings are the mappings of users and those of groups, of the namespace that a
# component has or joins. The list is empty if the namespace has all ids of the host.
id_mappings(c) := [lib.mapped(owner, key) |
	some owner in array.concat([c], lib.joined_users(c))
	count(lib.mapped(owner, "uidMappings")) + count(lib.mapped(owner, "gidMappings")) > 0
	some key in ["uidMappings", "gidMappings"]
]

# first_mapped are the first ids of each mapping. The very first one can be root.
first_mapped(c) := {id |
	some mappings in id_mappings(c)
	some m in mappings
	some id in [m.containerID, m.containerID + 1]
}

# block_setuid sets noNewPrivileges if the image has setuid programs.
block_setuid(c) := set_op(c, "/noNewPrivileges", true) if {
	count(lib.arr(c.files.setid)) > 0
	not lib.no_new_privileges(c)
} else := []

# not_root takes the power of root from a component: it gets another user, or loses
# the capabilities with which its user can become root.
not_root(c) := unprivileged(c) if {
	lib.uid(c) == 0
} else := without_caps(c, lib.root_equivalent_caps(c))

# not_root_fix is the fix text for not_root.
not_root_fix(c) := unprivileged_fix(c) if {
	lib.uid(c) == 0
} else := caps_fix(c, lib.root_equivalent_caps(c))

# own_users gives a component its own user namespace, with user numbers that no
# other component has. There is no edit if the component has ids that are too large
# for such a namespace.
own_users(c) := array.flatten([
	[e | some key in ["uidMappings", "gidMappings"]; has_key(written(c), key); some e in remove_op(c, sprintf("/%s", [key]))],
	set_op(c, "/userns", "auto"),
]) if {
	count(large_ids(c)) == 0
} else := []

# own_users_fix is the fix text for own_users.
own_users_fix(c) := sprintf("set `userns: auto` for %s: it then has user ids of its own, and its files belong to them. What it binds from the host has other owners in the container", [c.id]) if {
	count(large_ids(c)) == 0
} else := sprintf("run %s with user and group ids below %d, and set `userns: auto`: it then has user ids of its own. There is no edit, because it now has the ids %s, and its files may belong to them", [c.id, ids_per_container, concat(", ", sort({sprintf("%d", [id]) | some id in large_ids(c)}))])

# large_ids are the ids of a component that `userns: auto` does not have.
large_ids(c) := {id |
	user := lib.obj(object.get(c.spec, ["process", "user"], {}))
	some id in array.concat([object.get(user, "uid", 0), object.get(user, "gid", 0)], lib.arr(object.get(user, "additionalGids", [])))
	id >= ids_per_container
}

# host_users removes the user namespace of a component.
host_users(c) := array.flatten([
	unset(c, "userns", "host"),
	[e | some key in ["uidMappings", "gidMappings"]; has_key(written(c), key); some e in remove_op(c, sprintf("/%s", [key]))],
])
