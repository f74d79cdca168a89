package seaworthy.test.KCF_026

import data.seaworthy.rules.KCF_026 as rule
import data.seaworthy.testing as t

claim(confirmed) := object.union(t.good, {"kernel": {"package": "", "config": {"claim": true, "confirmed": confirmed}}})

test_fires if {
	t.fires(rule.fail, "component:kernel") with input as claim([])
	some f in rule.fail with input as claim(["CONFIG_SMP", "CONFIG_KEXEC_CORE"])
	endswith(f.message, "the kernel confirms only CONFIG_SMP, CONFIG_KEXEC_CORE")
}

test_silent_good if {
	t.silent(rule.fail) with input as t.good
	count(rule.checked) > 0 with input as t.good
}

test_silent_package if t.silent(rule.fail) with input as object.union(claim([]), {"kernel": {"package": "linux-image-x 6.1"}})

test_silent_inside if t.silent(rule.fail) with input as object.union(claim([]), {"kernel": {"config": {"claim": false}}})

test_silent_signed if {
	signed := json.patch(claim([]), [
		{"op": "add", "path": "/trust", "value": {"given": true}},
		{"op": "add", "path": "/components/0/image/attestations", "value": {"looked": true, "found": [{"verified": true, "signs": true}]}},
	])
	t.silent(rule.fail) with input as signed
	unsigned := t.put(signed, "/components/0/image/attestations/found", [{"verified": false, "signs": true}])
	t.fires(rule.fail, "component:kernel") with input as unsigned
}

test_unknown_no_config if {
	t.tells(rule.unknown, "component:kernel") with input as t.no_config
	t.silent(rule.fail) with input as t.no_config
}
