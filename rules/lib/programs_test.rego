package seaworthy.test.programs

import data.seaworthy.lib

process(p) := {"spec": {"process": p}}

runs(args) := {r.path | some r in lib.runs(process({"args": args, "cwd": "/w", "env": ["PATH=/bin"]}))}

test_program if {
	runs(["/app/x", "/data/y"]) == {"/app/x"}
	runs(["./x"]) == {"/w/x"}
	runs(["bin/x"]) == {"/w/bin/x"}
	runs(["../x"]) == {"/x"}
	runs(["x"]) == {"/bin/x"}
	runs([]) == set()
}

# Empty and relative folders of PATH start at the working directory.
test_path if {
	{r.path | some r in lib.runs(process({"args": ["x"], "cwd": "/w", "env": ["A=1", "PATH=/a::b"]}))} == {"/a/x", "/w/x", "/w/b/x"}
	{r.path | some r in lib.runs(process({"args": ["x"]}))} == {"/bin/x", "/usr/bin/x"}
}

test_scripts if {
	runs(["/bin/sh", "/d/x"]) == {"/bin/sh", "/d/x"}
	runs(["/bin/sh", "x.sh", "/d/y"]) == {"/bin/sh", "/w/x.sh"}
	runs(["/bin/python3.11", "-W", "ignore", "/d/x.py", "--data", "/d"]) == {"/bin/python3.11", "/w/ignore", "/d/x.py"}
	runs(["/bin/node", "--require", "/d/x.js", "/app/y.js", "/d/z"]) == {"/bin/node", "/d/x.js", "/app/y.js"}
	runs(["/bin/node", "--require=/d/x.js", "/app/y.js"]) == {"/bin/node", "/d/x.js", "/app/y.js"}
	runs(["/bin/java", "-javaagent:/d/a.jar", "-jar", "/app/x.jar", "/d/z"]) == {"/bin/java", "/d/a.jar", "/app/x.jar"}
	runs(["/bin/java", "-Dlog=/d/x", "-jar", "/app/x.jar"]) == {"/bin/java", "/app/x.jar"}
	runs(["/bin/perl", "-I/d/lib", "/app/x.pl"]) == {"/bin/perl", "/d/lib", "/app/x.pl"}
	runs(["/bin/nginx", "-c", "/d/nginx.conf"]) == {"/bin/nginx"}
}

# Python searches the working directory first if it has no script.
test_modules if {
	runs(["/bin/python3", "-m", "app"]) == {"/bin/python3", "/w/app", "/w"}
	runs(["/bin/gunicorn", "app"]) == {"/bin/gunicorn", "/w"}
}

test_wrappers if {
	runs(["/bin/env", "-i", "A=1", "/d/x"]) == {"/bin/env", "/d/x"}
	runs(["/bin/timeout", "-k", "5", "10s", "/d/x"]) == {"/bin/timeout", "/d/x"}
	runs(["/bin/su-exec", "web", "/bin/tini", "--", "/bin/sh", "/d/x"]) == {"/bin/su-exec", "/bin/tini", "/bin/sh", "/d/x"}
	runs(["/bin/busybox", "sh", "/d/x"]) == {"/bin/busybox", "/bin/sh", "/d/x"}
	runs(["/lib/ld-linux-x86-64.so.2", "--library-path", "/d/lib", "/app/x"]) == {"/lib/ld-linux-x86-64.so.2", "/d/lib", "/app/x"}
	runs(["/bin/tini"]) == {"/bin/tini"}
}

# A line can change the directory, set variables, and use those of the environment.
test_shell_lines_go_elsewhere if {
	runs(["/bin/sh", "-c", "cd /d && ./x"]) == {"/bin/sh", "/w/x", "/d/x"}
	runs(["/bin/sh", "-c", "cd d; ./x"]) == {"/bin/sh", "/w/x", "/w/d/x"}
	runs(["/bin/sh", "-c", "export LD_PRELOAD=/d/x.so; /bin/y"]) == {"/bin/sh", "/d/x.so", "/bin/y"}
	runs(["/bin/sh", "-c", "PATH=/d:$PATH y"]) == {"/bin/sh", "/d/y", "/bin/y"}
	runs(["/bin/sh", "-c", "{ /d/x; }"]) == {"/bin/sh", "/d/x"}
	runs(["/bin/env", "PYTHONPATH=/d", "/bin/y"]) == {"/bin/env", "/d", "/bin/y"}
}

test_values if {
	c := process({"args": ["/bin/sh", "-c", "$APP/x ${APP}y $APPS"], "env": ["APP=/a", "APP=/d"]})
	lib.lines(c) == ["/d/x /dy ${APPS}"]
}

test_shell_lines if {
	runs(["/bin/sh", "-c", "cp /a /d/x && exec nginx -c /d/x; A=1 ./y"]) == {"/bin/sh", "/bin/cp", "/bin/nginx", "/w/y"}
	runs(["/bin/bash", "-ec", ". /d/env; if true; then sh /d/z; fi"]) == {"/bin/bash", "/d/env", "/bin/sh", "/d/z"}
}

env(line) := {r.path | some r in lib.runs(process({"args": [], "cwd": "/w", "env": [line]}))}

test_environment if {
	env("LD_PRELOAD=libx.so:/d/y.so") == {"/d/y.so"}
	env("LD_LIBRARY_PATH=/usr/lib:") == {"/usr/lib", "/w"}
	env("PYTHONPATH=lib") == {"/w/lib"}
	env("PYTHONPATH=") == set()
	env("ENV=production") == set()
	env("ENV=/d/env") == {"/d/env"}
	env("NODE_OPTIONS=--max-old-space-size=100 --require /d/x.js") == {"/d/x.js"}
	env("JAVA_TOOL_OPTIONS=-Djava.io.tmpdir=/d -javaagent:/d/x.jar") == {"/d/x.jar"}
	env("DATA_PATH=/d") == set()
	env("=x") == set()
}
