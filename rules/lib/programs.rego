# Programs: which files a container's command and environment make it run or load.
# What is in the files is not known: a program may run any other.
package seaworthy.lib

# loaded_files are, for each container, the places of what it runs or loads.
loaded_files[c.id] := runs(c) if some c in containers

# runs has them as paths in the container: path is a file, or a folder in which
# files are looked for; why says how that is known; executed files need a mount
# without noexec, what an interpreter reads does not.
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

# places are what a path stands for: a relative one starts at the working
# directory, and where a line for a shell goes.
places(_, path) := {clean(path)} if startswith(path, "/")

places(c, path) := {clean(sprintf("%s/%s", [dir, path])) | some dir in array.concat([cwd(c)], cd_targets(c))} if not startswith(path, "/")

cwd(c) := str(object.get(c.spec, ["process", "cwd"], "/"))

cd_targets(c) := [sprintf("%s/%s", [[cwd(c), ""][to_number(startswith(command[1], "/"))], command[1]]) |
	some command in commands(c)
	command[0] == "cd"
]

# lookup is where a program is: a name without a slash is looked for in PATH, in
# which an empty element is the working directory.
lookup(c, word) := places(c, word) if {
	contains(word, "/")
} else := {clean(sprintf("%s/%s", [place, word])) | some list in path_lists(c); some dir in split(list, ":"); some place in places(c, dir)}

# The first is the environment's; without one the C library has its own.
path_lists(c) := lists if {
	lists := [trim_prefix(line, "PATH=") | some line in variables(c); startswith(line, "PATH=")]
	count(lists) > 0
} else := ["/bin:/usr/bin"]

# variables are those of the environment, and those that the command sets itself:
# before a program, or as arguments of env and export.
variables(c) := array.concat(environment(c), [word |
	some list in array.concat([outer | some outer in started(c); base(outer[0]) == "env"], [split_words(line) | some line in lines(c)])
	some word in list
	regex.match("^[A-Za-z_][A-Za-z0-9_]*=", word)
])

environment(c) := arr(object.get(c.spec, ["process", "env"], []))

assignment(line) := [substring(line, 0, at), substring(line, at + 1, -1)] if {
	at := indexof(line, "=")
	at > 0
}

# commands are the command, the commands in it that wrappers start, and those of
# a line for a shell.
commands(c) := array.concat(started(c), [command |
	some line in lines(c)
	some part in regex.split("&&|[;&|()\n`]", line)
	list := split_words(part)
	some command in unwrapped([w | some j, w in list; not leading(list, j)])
])

started(c) := unwrapped(args(c))

# lines are what shells are given to run, with the environment's values put in.
lines(c) := [strings.replace_n(values(c), regex.replace(str(outer[i + 1]), `\$([A-Za-z_][A-Za-z0-9_]*)`, "$${$1}")) |
	some outer in started(c)
	is_shell(outer[0])
	some i, word in outer
	regex.match("^-[a-z]*c$", word)
]

# values has them as a shell writes them; of two with one name the last.
values(c) := {sprintf("${%s}", [name]): all[count(all) - 1] |
	some line in environment(c)
	[name, _] := assignment(line)
	all := [trim_prefix(other, sprintf("%s=", [name])) | some other in environment(c); startswith(other, sprintf("%s=", [name]))]
}

split_words(text) := [w | some w in regex.split("[ \t\n\"';&|()`]+", text); w != ""]

# leading are the words before a program: assignments, and what shells reserve.
leading(list, at) if every i in numbers.range(0, at) {
	regex.match("^([A-Za-z_][A-Za-z0-9_]*=.*|[!{}]|do|then|else|if|elif|while|until|exec|command|builtin)$", list[i])
}

# shell_words are no programs, or those of the shell itself.
shell_words := {
	".", "[", "case", "cd", "done", "echo", "esac", "eval", "exit", "export", "false", "fi", "for", "in", "printf", "read", "set", "shift",
	"source", "test", "trap", "true", "ulimit", "umask", "unset", "wait",
}

is_shell(word) if regex.match("^(ba|da|k|mk|z|a)?sh$", base(word))

# unwrapped are a command and the one that it starts as a wrapper does, three
# deep: what follows options, numbers, assignments and what the wrapper wants.
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

# wrappers start the program that their arguments name, after so many others.
wrappers := {
	"busybox": 0, "catatonit": 0, "chrt": 0, "chroot": 1, "cttyhack": 0, "doas": 0, "dumb-init": 0, "env": 0, "exec": 0, "flock": 1, "gosu": 1, "ionice": 0, "nice": 0,
	"nohup": 0, "nsenter": 0, "s6-setuidgid": 1, "setpriv": 0, "setsid": 0, "setuidgid": 1, "stdbuf": 0, "strace": 0, "su-exec": 1, "sudo": 0,
	"taskset": 0, "time": 0, "timeout": 0, "tini": 0, "toybox": 0, "unshare": 0, "xargs": 0,
}

# scripts are the files that an interpreter is given: the first that is no option,
# those that options before it name, and where an option names that one the next.
scripts(command) := {path |
	interprets(command[0])
	not takes_line(command)
	last := last_script(command)
	some i, word in command
	i > 0
	i <= last
	some path in script_paths(word)
}

# takes_line: a shell is given what it runs in the command itself.
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

# from_cwd: without a script of its own it takes modules from where it stands.
from_cwd(command) if {
	regex.match("^(pypy|python)[0-9.]*$", base(command[0]))
	last_script(command) == count(command)
}

from_cwd(command) if base(command[0]) in {"bundle", "gunicorn", "make", "npm", "npx", "pnpm", "rake", "uvicorn", "yarn"}

# lists_code, names_code and has_options: programs run or load what the variable
# names, in folders, as one file, or as an interpreter's options do.
lists_code(name) if regex.match(`^(LD_(PRELOAD|LIBRARY_PATH|AUDIT)|GCONV_PATH|LOCPATH|PYTHON(PATH|HOME|USERBASE)|NODE_PATH|PERL(5LIB|LIB)|RUBYLIB|GEM_(PATH|HOME)|BUNDLE_PATH|LUA_C?PATH(_5_[0-9])?|CLASSPATH|PHP_INI_SCAN_DIR|OPENSSL_(MODULES|ENGINES)|GIO_(EXTRA_MODULES|MODULE_DIR)|GIT_EXEC_PATH|DOTNET_STARTUP_HOOKS|ERL_LIBS|TCLLIBPATH|GUILE_LOAD(_COMPILED)?_PATH|R_LIBS(_USER)?|JULIA_LOAD_PATH|XTABLES_LIBDIR)$`, name)

names_code(name) if name in {"BASH_ENV", "BUNDLE_GEMFILE", "ENV", "OPENSSL_CONF", "PHPRC", "PYTHONSTARTUP"}

has_options(name) if regex.match(`^(NODE_OPTIONS|PERL5OPT|PERL5DB|RUBYOPT|_?JAVA(_TOOL)?_OPTIONS|JDK_JAVA_OPTIONS|CATALINA_OPTS)$`, name)

# env_paths are the paths in such a variable. What is empty or relative in a list of
# folders starts at the working directory; a library by its bare name does not.
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
