package seaworthy.test.SUP_021

import data.seaworthy.rules.SUP_021 as rule
import data.seaworthy.testing as t

# policies are a pack and a folder.
policies(changes) := [
	{"name": "baseline", "source": "builtin", "digest": "sha256:02", "pinned": false, "signed": false},
	object.union({"name": "dir:own", "source": "dir", "digest": "sha256:aa", "pinned": false, "signed": false}, changes),
]

test_fires_folder if {
	t.fires(rule.fail, "image:test") with input as t.good with data.seaworthy.policy as policies({})
	t.says(rule.fail, "dir:own") with input as t.good with data.seaworthy.policy as policies({})
	not t.says(rule.fail, "baseline") with input as t.good with data.seaworthy.policy as policies({})
}

test_fires_changed if {
	system := t.put(t.put(t.good, "/lock/policy", "dir:own"), "/lock/policyDigest", "sha256:bb")
	t.fires(rule.fail, "image:test") with input as system with data.seaworthy.policy as policies({})
}

test_fires_renamed if {
	system := t.put(t.put(t.good, "/lock/policy", "dir:other"), "/lock/policyDigest", "sha256:aa")
	t.fires(rule.fail, "image:test") with input as system with data.seaworthy.policy as policies({})
}

test_fires_unlocked if {
	system := t.put(t.good, "/lock", {"present": false, "builder": "", "policy": "dir:own", "policyDigest": "sha256:aa"})
	t.fires(rule.fail, "image:test") with input as system with data.seaworthy.policy as policies({})
}

test_silent_pinned_by_lock if {
	system := t.put(t.put(t.good, "/lock/policy", "dir:own"), "/lock/policyDigest", "sha256:aa")
	t.silent(rule.fail) with input as system with data.seaworthy.policy as policies({})
	rule.checked == {"image:test"} with input as system with data.seaworthy.policy as policies({})
}

test_silent_builtin if t.silent(rule.fail) with input as t.good with data.seaworthy.policy as policies({"source": "builtin"})

test_silent_signed if t.silent(rule.fail) with input as t.good with data.seaworthy.policy as policies({"signed": true})

test_silent_pinned if t.silent(rule.fail) with input as t.good with data.seaworthy.policy as policies({"pinned": true})

test_unknown_silent_engine if {
	t.tells(rule.unknown, "image:test") with input as t.good
	t.silent(rule.fail) with input as t.good
}

# The lock file pins several policies as one.
several := policies({"together": {"name": "baseline+dir:own", "digest": "sha256:cc"}})

locked(name, digest) := t.put(t.put(t.good, "/lock/policy", name), "/lock/policyDigest", digest)

test_silent_locked_together if {
	t.silent(rule.fail) with input as locked("baseline+dir:own", "sha256:cc") with data.seaworthy.policy as several
}

test_fires_changed_together if {
	t.fires(rule.fail, "image:test") with input as locked("baseline+dir:own", "sha256:dd") with data.seaworthy.policy as several
}

test_fires_renamed_together if {
	t.fires(rule.fail, "image:test") with input as locked("baseline+dir:other", "sha256:cc") with data.seaworthy.policy as several
}

test_fires_unlocked_together if {
	system := t.put(t.good, "/lock", {"present": false, "builder": "", "policy": "baseline+dir:own", "policyDigest": "sha256:cc"})
	t.fires(rule.fail, "image:test") with input as system with data.seaworthy.policy as several
}

test_checked_nothing if count(rule.checked) == 0 with input as t.good with data.seaworthy.policy as []
