package seaworthy.test.MNT_007

import data.seaworthy.outcome
import data.seaworthy.rules.MNT_007 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_docker if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/var/run/docker.sock", "options": ["rbind", "rw"]})

test_fires_containerd if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/run/containerd/containerd.sock", "options": ["rbind", "ro"]})

test_fires_folder if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/run/containerd", "options": ["rbind", "rw"]})

test_silent_other if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/run/nginx.sock", "options": ["rbind", "rw"]})

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_mount({"destination": "/x", "type": "bind", "source": "/var/run/docker.sock", "options": ["rbind", "rw"]})
	found := fail with input as system_now
	allowance := [t.allowance("MNT-007", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_silent_not_a_bind if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "ext4", "source": "/run/docker.sock", "options": ["rw"]})

test_fires_elsewhere if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/var/lib/x/docker.sock", "options": ["rbind"]})

test_fires_k3s if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/run/k3s/containerd", "options": ["rbind"]})

test_silent_config if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/run/config/docker", "options": ["rbind"]})

# A process can connect to a socket through every folder that contains it, even a
# read-only one.
test_fires_folders if {
	every source in ["/run", "/var/run/", "/run/docker", "/run/k3s", "/run/containerd/s/1f", "/run/user/1000/podman/podman.sock", "/srv/containerd.sock.ttrpc", "/x/cri-dockerd.sock"] {
		found := fail with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": source, "options": ["rbind", "ro"]})
		t.fires(found, "component:services/nginx")
	}
}

test_silent_beside if {
	every source in ["/run/netns", "/run/containers", "/run/dockerish", "/run/web/docker.conf", "/srv/crime.sock", "/"] {
		found := fail with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": source, "options": ["rbind", "ro"]})
		t.silent(found)
	}
}
