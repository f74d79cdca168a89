package seaworthy.test.INI_001

import data.seaworthy.rules.INI_001 as rule
import data.seaworthy.testing as t

test_fires_other if t.fires(rule.fail, "component:init/000") with input as t.component_with("init", "/image/repository", "somebody/tools")

test_silent_good if t.silent(rule.fail) with input as t.good

test_checked if count(rule.checked) > 0 with input as t.good

test_checks_init_alone if rule.checked == {"component:init/000"} with input as t.good
