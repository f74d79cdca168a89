package recipe

import (
	"encoding/json"
	"os"

	"github.com/seaworthy-os/seaworthy/builder/runtime"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Profile is a seccomp profile in the folder of a recipe.
type Profile struct {
	Source string
	Pos    system.Position
}

// Label is the label org.mobyproject.config of the image for an architecture, as JSON:
// the key config, with the seccomp profile in place of the name of its file. It is ""
// without config.
func (rec *Recipe) Label(arch string) (string, error) {
	if rec.Profile == nil {
		return string(rec.Config), nil
	}
	fail := func(err error) (string, error) {
		return "", system.BadInput("the seccomp profile %q cannot be used", rec.Profile.Source).At(rec.Profile.Pos).Because(err).
			Suggest("write default, unconfined or the path of a profile in the folder of the recipe")
	}
	root, err := os.OpenRoot(rec.Dir)
	if err != nil {
		return fail(err)
	}
	defer root.Close()
	data, err := readText(root, rec.Profile.Source)
	if err != nil {
		return fail(err)
	}
	filter, err := runtime.ImageProfile(data, arch)
	if err != nil {
		return fail(err)
	}
	var config map[string]any
	if err := json.Unmarshal(rec.Config, &config); err != nil {
		return fail(err)
	}
	config["seccomp"] = filter
	out, err := json.Marshal(config)
	if err != nil {
		return fail(err)
	}
	return string(out), nil
}
