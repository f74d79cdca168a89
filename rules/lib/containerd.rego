package seaworthy.lib

# containerd_known are the configurations of containerd on the host: those of the
# init section, of the kernel's archive and of the files section. One that cannot be
# read is unknown.
containerd_known := {p | some p in containerd_places; p.config.error == ""}

# containerd_unknown are the unknown entries of rules about these configurations.
containerd_unknown := {{"resource": p.resource, "reason": sprintf("%s cannot be read: %s", [p.where, p.config.error])} | some p in containerd_places; p.config.error != ""} | no_files_on_root

# containerd_checked are the resources of rules about containerd.
containerd_checked := {p.resource | some p in containerd_known} | {resource(c) | some c in containerd_programs}

# containerd_programs are the components that bring the program itself.
containerd_programs := [c | some c in on_root; count(object.get(c, ["files", "containerdPrograms"], [])) > 0]

# on_root are the components whose files are those of the host.
on_root := [c | some c in input.components; c.section in {"init", "kernel"}]

# no_files_on_root are the entries of no_files for the components in on_root.
no_files_on_root contains u if {
	some u in no_files
	some c in on_root
	u.resource == resource(c)
}

# containerd_finding is a finding about a place in the configuration.
containerd_finding(id, p, body) := object.union({"id": id, "resource": p.resource, "path": "", "origin": p.origin}, body)

# containerd_places are the configurations, whether they can be read or not.
containerd_places contains {
	"resource": resource(c),
	"origin": c.image.origin,
	"where": sprintf("%s of %s", [containerd_file, c.id]),
	"config": config,
} if {
	some c in on_root
	config := object.get(c, ["files", "containerd"], null)
	is_object(config)
}

containerd_places contains {
	"resource": sprintf("file:%s", [f.path]),
	"origin": f.origin,
	"where": sprintf("%s (files section)", [f.path]),
	"config": config,
} if {
	some f in arr(input.files)
	config := object.get(f, "containerd", null)
	is_object(config)
}

# containerd_file is the file that containerd reads.
containerd_file := "/etc/containerd/config.toml"
