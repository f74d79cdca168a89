package seaworthy.test.SYS_017

import data.seaworthy.rules.SYS_017 as rule
import data.seaworthy.testing as t

test_fires_two if t.fires(rule.fail, "sysctl:kernel.kptr_restrict") with input as t.sysctl("kernel.kptr_restrict", "1")

test_silent_same if t.silent(rule.fail) with input as t.sysctl("kernel.kptr_restrict", "2")

test_silent_good if t.silent(rule.fail) with input as t.good

test_checked if count(rule.checked) > 0 with input as t.good
