# METADATA
# scope: package
# title: "containerd starts plugins that services do not need"
# description: |-
#   The plugin for Kubernetes (CRI) starts a second interface, through which images are pulled and
#   containers run that os.yml does not name. The other plugins add programs and file systems that
#   nothing uses. containerd starts all of them unless its configuration disables them.
# custom:
#   id: CTD-002
#   severity: high
#   pack: hardened
#   controls: []
#   remediation: "List the plugins in disabled_plugins of /etc/containerd/config.toml."
#   inputs: ["image", "files section"]
#   since: 0.2.0
package seaworthy.rules.CTD_002

import data.seaworthy.given
import data.seaworthy.lib

checked contains r if some r in lib.containerd_checked

unknown contains u if some u in lib.containerd_unknown

found contains lib.containerd_finding("CTD-002", p, body(plugin, p.where)) if {
	some p in lib.containerd_known
	some plugin in given.params.containerd_disabled
	not disabled(p.config, plugin)
}

# Without a configuration, containerd starts all plugins.
found contains lib.finding("CTD-002", c, object.union({"path": "", "origin": c.image.origin}, body(plugin, lib.containerd_file))) if {
	some c in lib.containerd_programs
	count(lib.containerd_places) == 0
	some plugin in given.params.containerd_disabled
}

body(plugin, where) := {
	"actual": sprintf("%s starts", [plugin]),
	"expected": sprintf("%s is disabled", [plugin]),
	"key": plugin,
	"severity": severity(plugin),
	"message": sprintf("containerd starts its plugin %s, because %s does not disable it", [plugin, where]),
	"fix": sprintf("add %s to disabled_plugins in %s", [plugin, where]),
}

severity(plugin) := "high" if {
	short(plugin) == "cri"
} else := "low"

disabled(config, plugin) if {
	config.version > 1
	plugin in config.disabled
}

# The first version of the format has short names.
disabled(config, plugin) if {
	config.version == 1
	short(plugin) in config.disabled
}

short(plugin) := regex.replace(plugin, `^.*\.`, "")
