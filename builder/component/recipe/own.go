package recipe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
)

// addOwn adds the files and links of the recipe to the tree.
func addOwn(ctx context.Context, t *tree, sp *spool, rec *Recipe) error {
	var errs []error
	root, err := os.OpenRoot(rec.Dir)
	if err != nil {
		return system.Unusable("the folder of the recipe cannot be opened").Because(err)
	}
	defer root.Close()
	for _, f := range rec.Files {
		n := &node{path: f.Path, typ: system.TypeFile, mode: f.Mode, uid: f.UID, gid: f.GID}
		switch {
		case f.Directory:
			n.typ = system.TypeDir
		case f.Source != "":
			n.content, err = addSource(root, sp, f.Source)
		case f.AppArmor != "":
			var policy []byte
			if policy, err = compileProfile(ctx, root, f.AppArmor); err == nil {
				n.content, err = sp.add(bytes.NewReader(policy))
			}
		default:
			n.content, err = sp.add(strings.NewReader(f.Contents))
		}
		if err != nil {
			errs = append(errs, system.BadInput("file %q cannot be added", f.Path).At(f.Pos).Because(err))
			continue
		}
		errs = append(errs, t.put(n, f.Pos))
	}
	for _, s := range rec.Symlinks {
		errs = append(errs, t.put(&node{path: s.Path, typ: system.TypeSymlink, mode: 0o777, link: s.Target}, s.Pos))
	}
	return errors.Join(errs...)
}

// addSource copies a file from the folder of the recipe. It follows links only
// within that folder.
func addSource(root *os.Root, sp *spool, name string) (content, error) {
	f, err := bounded.OpenIn(root, name)
	if err != nil {
		return content{}, err
	}
	defer f.Close()
	if fi, err := f.Stat(); err != nil {
		return content{}, err
	} else if !fi.Mode().IsRegular() {
		return content{}, fmt.Errorf("source %q is not a regular file", name)
	}
	return sp.add(f)
}

const maxText = 1 << 20

// readText reads a file of a recipe that the build itself understands.
func readText(root *os.Root, name string) ([]byte, error) {
	f, err := bounded.OpenIn(root, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return bounded.Read(f, maxText)
}

const maxAccounts = 1 << 20

// addAccounts appends the users and groups of the recipe to etc/passwd and
// etc/group. It creates the files if no package has them.
func addAccounts(t *tree, sp *spool, rec *Recipe) error {
	if len(rec.Users)+len(rec.Groups) == 0 {
		return nil
	}
	var passwd, group []account
	for _, u := range rec.Users {
		passwd = append(passwd, account{u.Name, u.UID, u.Pos,
			fmt.Sprintf("%s:x:%d:%d:%s:%s:%s", u.Name, u.UID, u.GID, u.Name, u.Home, u.Shell)})
	}
	gids := map[int]bool{}
	for _, g := range rec.Groups {
		gids[g.GID] = true
		group = append(group, account{g.Name, g.GID, g.Pos, fmt.Sprintf("%s:x:%d:", g.Name, g.GID)})
	}
	for _, u := range rec.Users {
		if !gids[u.GID] {
			gids[u.GID] = true
			group = append(group, account{u.Name, u.GID, u.Pos, fmt.Sprintf("%s:x:%d:", u.Name, u.GID)})
		}
	}
	return errors.Join(appendAccounts(t, sp, "etc/passwd", passwd), appendAccounts(t, sp, "etc/group", group))
}

// account is one line of etc/passwd or etc/group.
type account struct {
	name string
	id   int
	pos  system.Position
	line string
}

func appendAccounts(t *tree, sp *spool, name string, add []account) error {
	var out bytes.Buffer
	names, ids := map[string]bool{}, map[string]bool{}
	n := t.nodes[name]
	if n == nil {
		n = &node{path: name, typ: system.TypeFile, mode: 0o644}
	} else {
		old, err := n.content.bytes(maxAccounts)
		if err != nil || n.typ != system.TypeFile {
			return system.Unusable("%s cannot be read", name).Because(err)
		}
		for _, line := range strings.Split(strings.TrimRight(string(old), "\n"), "\n") {
			f := strings.Split(line, ":")
			if line == "" || len(f) < 3 {
				continue
			}
			names[f[0]], ids[f[2]] = true, true
			out.WriteString(line + "\n")
		}
	}
	var errs []error
	for _, a := range add {
		if names[a.name] || ids[fmt.Sprint(a.id)] {
			errs = append(errs, system.BadInput("%s already has the name %q or the number %d", name, a.name, a.id).At(a.pos))
			continue
		}
		names[a.name], ids[fmt.Sprint(a.id)] = true, true
		out.WriteString(a.line + "\n")
	}
	c, err := sp.add(io.Reader(&out))
	if err != nil {
		return err
	}
	// The file now belongs to the recipe: it differs from that of the package.
	t.nodes[name] = &node{path: name, typ: system.TypeFile, mode: n.mode, content: c}
	return errors.Join(errs...)
}
