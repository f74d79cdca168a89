// Package guest runs inside the systems that we build. Init is the complete PID
// 1. It mounts what a Linux system needs, makes the root file system read-only,
// loads modules, and runs the onboot containers one after another. Then it
// keeps the services running. On shutdown it stops the services and runs the
// onshutdown containers. crun or runc runs the containers as config.json says.
// Init executes the instructions in runtime.json before and after it creates a
// container.
//
// The package has two halves. Files without a suffix make decisions: they parse
// runtime.json, modules.dep, modules.alias and config.json, and return steps,
// load orders, delays and printable lines. They do not touch the machine. Files
// that end in _linux.go act on the machine. The files on a read-only root were
// verified before boot. Still, every parser has limits and returns an error for
// input that it does not understand: a system that cannot be set up as it was
// built does not start.
//
// Each line on the console has one of these forms:
//
//	[  0.42] seaworthy: onboot 000-sysctl: ok (0.8 s)
//	[  1.90] nginx | a line that the container wrote
//
// Lines of containers always have "NAME | ", and control characters in them are
// escaped. So a container cannot print a line that looks like a line of init.
package guest
