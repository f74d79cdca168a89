package seaworthy.test.INI_001

import data.seaworthy.rules.INI_001 as rule
import data.seaworthy.testing as t

test_fires_other if t.fires(rule.fail, "component:init/000") with input as t.component_with("init", "/image/repository", "somebody/tools")

test_silent_good if t.silent(rule.fail) with input as t.good

test_checked if count(rule.checked) > 0 with input as t.good

test_checks_init_alone if rule.checked == {"component:init/000"} with input as t.good

# Another registry can serve any content under the same name.
test_fires_registry if {
	system := t.component_with("init", "/image/registry", "evil.example")
	t.fires(rule.fail, "component:init/000") with input as system
	{f.actual | some f in rule.fail} == {"evil.example/seaworthy/init"} with input as system
}

test_silent_with_registry if {
	system := t.component_with("init", "/image/registry", "registry.example:5000")
	t.silent(rule.fail) with input as system with data.params.init_repositories as ["registry.example:5000/seaworthy/init"]
}
