package image

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/image/disk"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// DataTool makes the file system of a data partition.
var DataTool = Tool{Name: "mke2fs", Package: "e2fsprogs", Dir: "/usr/sbin"}

// DataSize is the size of the file system before PID 1 makes it as large as the
// partition, and the smallest size of the partition.
const DataSize = 32 << 20

// DataPath is data.Template: the place of the file system in the root.
const DataPath = "boot/data.ext4"

// dataMark is a text of an init that can make a data partition.
const dataMark = "data: made partition"

// dataOptions are those of the file system. 4096 bytes are its block, and the kernel can
// enlarge it to 1 TiB without moving anything; above that, it continues in another way.
// One inode for 16 KiB, and nothing is reserved for root: system files are elsewhere.
// The configuration of the build machine is not used.
var dataOptions = []string{"-q", "-F", "-t", "ext4", "-b", "4096", "-I", "256", "-N", "8192", "-m", "0", "-J", "size=8", "-e", "remount-ro", "-L", "data",
	"-O", "none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file,huge_file,dir_nlink,extra_isize,metadata_csum"}

// EmptyData writes an empty ext4 file system to the file at path. Equal names, times and
// versions of mke2fs give equal bytes.
func EmptyData(ctx context.Context, tools Tools, path, name string, at time.Time) error {
	tool, err := tools.Find(DataTool)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(name))
	id := strings.ToLower(disk.GUID("data", sum[:]))
	args := append([]string{}, dataOptions...)
	args = append(args, "-U", id, "-E", "hash_seed="+id+",root_owner=0:0,nodiscard,lazy_itable_init=0,lazy_journal_init=0,resize=268435456", path, fmt.Sprint(DataSize/4096))
	cmd := exec.CommandContext(ctx, tool, args...)
	// mke2fs takes a time of 0 as the current time.
	cmd.Env = append(toolEnv(), "MKE2FS_CONFIG=/dev/null", fmt.Sprintf("E2FSPROGS_FAKE_TIME=%d", max(at.Unix(), 1)))
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return system.Unusable("mke2fs failed: %s", bytes.TrimSpace(out)).Because(err).Suggest("check the free space, and the package e2fsprogs")
	}
	return nil
}

// RequireData finds the tool that a data partition needs.
func RequireData(tools Tools) (Used, error) { return tools.use(DataTool) }
