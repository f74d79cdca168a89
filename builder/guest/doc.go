// Package guest is what runs inside the systems that we build: Init is the
// whole of PID 1. It mounts what a Linux system needs, makes the root
// read-only, loads modules, runs the onboot containers one after another,
// keeps the services running, and on shutdown stops them and runs the
// onshutdown containers. Containers are run by crun or runc, as their
// config.json says; what their runtime.json asks for is done before and
// after they are created.
//
// The package is in two halves. Files without a suffix decide: they parse
// runtime.json, modules.dep, modules.alias and config.json, and turn them
// into steps, load orders, delays and printable lines, without touching the
// machine. Files that end in _linux.go act. What stands on a read-only root
// was verified before boot, yet every parser here has limits and refuses what
// it does not understand: a system that cannot be set up as its builder said
// does not start.
//
// What is printed on the console, one line each:
//
//	[  0.42] seaworthy: onboot 000-sysctl: ok (0.8 s)
//	[  1.90] nginx | a line that the container wrote
//
// Lines of containers always carry "NAME | ", and control characters in them
// are escaped, so that no container can write a line of init's.
package guest
