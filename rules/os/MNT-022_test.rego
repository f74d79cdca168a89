package seaworthy.test.MNT_022

import data.seaworthy.outcome
import data.seaworthy.rules.MNT_022 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

bind(source, options) := {"destination": "/data", "type": "bind", "source": source, "options": options}

test_fires if {
	every source in ["/var", "/var/lib", "/containers", "/containers/services", "/containers/services/x/rootfs", "/etc", "/tmp", "/var/lib/containerd/x"] {
		found := fail with input as t.nginx_mount(bind(source, ["ro"]))
		t.fires(found, "component:services/nginx")
	}
}

test_silent if {
	every source in ["/var/lib/web", "/var/log", "/etc/web", "/containers/volumes/x/merged", "/run/web", "/srv"] {
		found := fail with input as t.nginx_mount(bind(source, ["rw"]))
		t.silent(found)
	}
}

# The other service uses a folder below the one that this service can write to.
both(source, options, other) := t.put(t.nginx_mount(bind(source, options)), "/components/5/spec/mounts/-", bind(other, ["rw"]))

test_fires_above_another if {
	t.fires(fail, "component:services/nginx") with input as both("/srv", ["rw"], "/srv/db/data")
	{f.key | some f in fail} == {"above:/data (/srv)"} with input as both("/srv", ["rw"], "/srv/db/data")
}

test_silent_beside_another if {
	t.silent(fail) with input as both("/srv/web", ["rw"], "/srv/db")
	t.silent(fail) with input as both("/srv/db", ["rw"], "/srv/db")
	t.silent(fail) with input as both("/srv", ["ro"], "/srv/db")
	t.silent(fail) with input as both("/var/log", ["rw"], "/var/log/web")
}

test_silent_above_its_own if t.silent(fail) with input as t.put(t.nginx_mount(bind("/srv", ["rw"])), "/components/4/spec/mounts/-", {"destination": "/d2", "type": "bind", "source": "/srv/x", "options": ["rw"]})

mapped(mappings) := t.nginx_mount(object.union(bind("/var/lib/web", ["rw"]), mappings))

test_fires_root_mapped if {
	every o in ["idmap", "ridmap", "idmap=uids=0-101-1", "ridmap=gids=0-101-1", "idmap=uids=5-5-1#0-101-1", "idmap=uids=@0-0-1", "idmap=uids=00-101-1"] {
		found := fail with input as t.nginx_mount(bind("/var/lib/web", ["ro", o]))
		{f.key | some f in found} == {"ids:/data (/var/lib/web)"}
	}
	every key in ["uidMappings", "gidMappings"] {
		found := fail with input as mapped({key: [{"containerID": 0, "hostID": 101, "size": 1}]})
		t.fires(found, "component:services/nginx")
	}
}

test_silent_others_mapped if {
	every o in ["idmap=uids=1000-101-1", "idmap=uids=@1000-101-1", "idmap=uids=0-0-1#1000-101-1;gids=1000-101-1", "idmapped"] {
		found := fail with input as t.nginx_mount(bind("/var/lib/web", ["rw", o]))
		t.silent(found)
	}
	t.silent(fail) with input as mapped({"uidMappings": [{"containerID": 1000, "hostID": 101, "size": 1}, {"containerID": 0, "hostID": 0, "size": 1}]})
	t.silent(fail) with input as t.nginx_mount({"destination": "/data", "type": "tmpfs", "source": "tmpfs", "options": ["idmap"]})
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	found := fail with input as t.nginx_mount(bind("/var", ["rw"]))
	allowance := [t.allowance("MNT-022", found)]
	t.silent(fail) with input as t.nginx_mount(bind("/var", ["rw"])) with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as t.nginx_mount(bind("/var", ["rw"])) with data.components as allowance
}
