# Programs: the files that a container runs or loads because of its command and its
# environment. The contents of these files are unknown: a program can run others.
package seaworthy.lib

# loaded_files are the files that each container runs or loads.
loaded_files[c.id] := runs(c) if some c in containers

# runs are the files that a container runs or loads. path is a file, or a folder that
# is searched; why is the reason; executed is true if a mount with noexec would stop
# it, which is not the case for files that an interpreter reads.
runs(c) := (({{"path": path, "why": sprintf("it runs %s", [word]), "executed": true} |
	some command in commands(c)
	word := command[0]
	not word in shell_words
	some path in lookup(c, word)
} | {{"path": path, "why": sprintf("%s reads %s", [base(command[0]), word]), "executed": false} |
	some command in commands(c)
	some word in scripts(command)
	some path in places(c, word)
}) | {{"path": path, "why": sprintf("%s looks for modules in its working directory", [base(command[0])]), "executed": false} |
	some command in commands(c)
	from_cwd(command)
	some path in places(c, ".")
}) | {{"path": path, "why": sprintf("%s names it", [name]), "executed": false} |
	some line in variables(c)
	[name, value] := assignment(line)
	value != ""
	some path in env_paths(c, name, value)
}

# places are the absolute paths that a path of a command can mean. A relative path
# starts at the working directory, or at a directory that a shell changes to.
places(_, path) := {clean(path)} if startswith(path, "/")

places(c, path) := {clean(sprintf("%s/%s", [dir, path])) | some dir in array.concat([cwd(c)], cd_targets(c))} if not startswith(path, "/")

# cwd is the working directory of a container.
cwd(c) := str(object.get(c.spec, ["process", "cwd"], "/"))

cd_targets(c) := [sprintf("%s/%s", [[cwd(c), ""][to_number(startswith(command[1], "/"))], command[1]]) |
	some command in commands(c)
	command[0] == "cd"
]

# lookup are the possible paths of a program. A name without a slash is searched in
# PATH, where an empty element is the working directory.
lookup(c, word) := places(c, word) if {
	contains(word, "/")
} else := {clean(sprintf("%s/%s", [place, word])) | some list in path_lists(c); some dir in split(list, ":"); some place in places(c, dir)}

# path_lists are the values of PATH: that of the environment first, or else the
# default of the C library.
path_lists(c) := lists if {
	lists := [trim_prefix(line, "PATH=") | some line in variables(c); startswith(line, "PATH=")]
	count(lists) > 0
} else := ["/bin:/usr/bin"]

# variables are the variables of the environment, and those that the command sets:
# before a program, or as arguments of env and export.
variables(c) := array.concat(environment(c), [word |
	some list in array.concat([outer | some outer in started(c); base(outer[0]) == "env"], [split_words(line) | some line in lines(c)])
	some word in list
	regex.match("^[A-Za-z_][A-Za-z0-9_]*=", word)
])

# environment are the lines NAME=VALUE of the effective spec.
environment(c) := arr(object.get(c.spec, ["process", "env"], []))

assignment(line) := [substring(line, 0, at), substring(line, at + 1, -1)] if {
	at := indexof(line, "=")
	at > 0
}

# commands are the command, the commands that wrappers start, and those in a line for
# a shell.
commands(c) := array.concat(started(c), [command |
	some line in lines(c)
	some part in regex.split("&&|[;&|()\n`]", line)
	list := split_words(part)
	some command in unwrapped([w | some j, w in list; not leading(list, j)])
])

started(c) := unwrapped(args(c))

# lines are the lines that shells run, with the values of variables inserted.
lines(c) := [strings.replace_n(values(c), regex.replace(str(outer[i + 1]), `\$([A-Za-z_][A-Za-z0-9_]*)`, "$${$1}")) |
	some outer in started(c)
	is_shell(outer[0])
	some i, word in outer
	regex.match("^-[a-z]*c$", word)
]

# values are the values of variables, by ${NAME}. The last value of a name counts.
values(c) := {sprintf("${%s}", [name]): all[count(all) - 1] |
	some line in environment(c)
	[name, _] := assignment(line)
	all := [trim_prefix(other, sprintf("%s=", [name])) | some other in environment(c); startswith(other, sprintf("%s=", [name]))]
}

# split_words splits a line of a shell into words.
split_words(text) := [w | some w in regex.split("[ \t\n\"';&|()`]+", text); w != ""]

# leading are the words before a program: assignments and reserved words of shells.
leading(list, at) if every i in numbers.range(0, at) {
	regex.match("^([A-Za-z_][A-Za-z0-9_]*=.*|[!{}]|do|then|else|if|elif|while|until|exec|command|builtin)$", list[i])
}

# shell_words are reserved words and builtins of shells.
shell_words := {
	".", "[", "case", "cd", "done", "echo", "esac", "eval", "exit", "export", "false", "fi", "for", "in", "printf", "read", "set", "shift",
	"source", "test", "trap", "true", "ulimit", "umask", "unset", "wait",
}

# is_shell: the word is a shell.
is_shell(word) if regex.match("^(ba|da|k|mk|z|a)?sh$", base(word))

# unwrapped are a command and the commands that it starts as a wrapper, three levels
# deep. The inner command follows options, numbers, assignments and the arguments of
# the wrapper.
unwrapped(command) := [x | some x in [command, once, twice, thrice]; count(x) > 0] if {
	once := inner(command)
	twice := inner(once)
	thrice := inner(twice)
}

inner(command) := array.slice(command, at, count(command)) if {
	skip := wrappers[base(command[0])]
	candidates := [i | some i, word in command; i > 0; not regex.match(`^-|^[0-9][0-9.,a-fx-]*[smhd]?$|^[A-Za-z_][A-Za-z0-9_]*=`, word)]
	at := candidates[skip]
} else := array.slice(command, at, count(command)) if {
	regex.match(`^ld(-linux|-musl|\.so)`, base(command[0]))
	at := [i | some i, word in command; i > 0; not startswith(word, "-"); not startswith(command[i - 1], "--")][0]
} else := []

# wrappers are programs that start another program, with the number of arguments
# before it.
wrappers := {
	"busybox": 0, "catatonit": 0, "chrt": 0, "chroot": 1, "cttyhack": 0, "doas": 0, "dumb-init": 0, "env": 0, "exec": 0, "flock": 1, "gosu": 1, "ionice": 0, "nice": 0,
	"nohup": 0, "nsenter": 0, "s6-setuidgid": 1, "setpriv": 0, "setsid": 0, "setuidgid": 1, "stdbuf": 0, "strace": 0, "su-exec": 1, "sudo": 0,
	"taskset": 0, "time": 0, "timeout": 0, "tini": 0, "toybox": 0, "unshare": 0, "xargs": 0,
}

# scripts are the files that an interpreter reads: the first argument that is not an
# option, and the files that options before it name.
scripts(command) := {path |
	interprets(command[0])
	not takes_line(command)
	last := last_script(command)
	some i, word in command
	i > 0
	i <= last
	some path in script_paths(word)
}

# takes_line: a shell runs a line of the command (-c).
takes_line(command) if {
	is_shell(command[0])
	some word in command
	regex.match("^-[a-z]*c$", word)
}

last_script(command) := min([i | some i, word in command; i > 0; a_file(word); not names_value(command, i)]) if {
	some i, word in command
	i > 0
	a_file(word)
	not names_value(command, i)
} else := count(command)

a_file(word) if {
	not startswith(word, "-")
	regex.match(`/|\.(awk|cjs|jar|js|lua|mjs|php|pl|py|pyz|rb|sh|so|tcl|ts)$`, word)
}

names_value(command, i) if {
	startswith(command[i - 1], "-")
	not command[i - 1] in {"-", "--", "-f", "-jar", "-x", "-u", "-e", "-s"}
	not contains(command[i - 1], "=")
	some j, word in command
	j > i
	a_file(word)
}

script_paths(word) := {word} if {
	not startswith(word, "-")
	not regex.match("^[0-9.]*$", word)
} else := {m[1] |
	some m in regex.find_all_string_submatch_n(`^-(?:I|r|M[^=]*=|-?require=|-?import=|-?loader=|-?experimental-loader=|javaagent:|agentpath:|Djava\.library\.path=|Djava\.class\.path=|-library-path=|-preload=)([^:=,]+)`, word, 1)
}

interprets(word) if is_shell(word)

interprets(word) if {
	regex.match(`^(awk|bun|deno|erl|escript|expect|gawk|groovy|guile|java|jshell|julia|ld(-linux|-musl|\.so).*|lua(jit)?|make|mawk|node|nodejs|perl|php(-cgi|-fpm)?|pwsh|pypy|python|Rscript|ruby|sed|source|tclsh|wish|\.)[-0-9.]*$`, base(word))
}

# from_cwd: the program loads modules from its working directory.
from_cwd(command) if {
	regex.match("^(pypy|python)[0-9.]*$", base(command[0]))
	last_script(command) == count(command)
}

from_cwd(command) if base(command[0]) in {"bundle", "gunicorn", "make", "npm", "npx", "pnpm", "rake", "uvicorn", "yarn"}

# lists_code: programs load code from the folders or files that the variable lists.
lists_code(name) if regex.match(`^(LD_(PRELOAD|LIBRARY_PATH|AUDIT)|GCONV_PATH|LOCPATH|PYTHON(PATH|HOME|USERBASE)|NODE_PATH|PERL(5LIB|LIB)|RUBYLIB|GEM_(PATH|HOME)|BUNDLE_PATH|LUA_C?PATH(_5_[0-9])?|CLASSPATH|PHP_INI_SCAN_DIR|OPENSSL_(MODULES|ENGINES)|GIO_(EXTRA_MODULES|MODULE_DIR)|GIT_EXEC_PATH|DOTNET_STARTUP_HOOKS|ERL_LIBS|TCLLIBPATH|GUILE_LOAD(_COMPILED)?_PATH|R_LIBS(_USER)?|JULIA_LOAD_PATH|XTABLES_LIBDIR)$`, name)

# names_code: programs load the one file that the variable names.
names_code(name) if name in {"BASH_ENV", "BUNDLE_GEMFILE", "ENV", "OPENSSL_CONF", "PHPRC", "PYTHONSTARTUP"}

# has_options: the variable can hold options of an interpreter.
has_options(name) if regex.match(`^(NODE_OPTIONS|PERL5OPT|PERL5DB|RUBYOPT|_?JAVA(_TOOL)?_OPTIONS|JDK_JAVA_OPTIONS|CATALINA_OPTS)$`, name)

# env_paths are the paths in a variable that makes programs load code. An empty or relative element of a list
# starts at the working directory; the bare name of a library does not.
env_paths(c, name, value) := {path |
	some word in regex.split("[:;]", value)
	not bare_library(name, word)
	some path in places(c, word)
} if {
	lists_code(name)
} else := places(c, value) if {
	names_code(name)
	contains(value, "/")
} else := {path |
	has_options(name)
	some word in regex.split("[ \t]+", value)
	some file in script_paths(word)
	contains(file, "/")
	some path in places(c, file)
}

bare_library(name, word) if {
	name in {"LD_PRELOAD", "LD_AUDIT"}
	not contains(word, "/")
}
