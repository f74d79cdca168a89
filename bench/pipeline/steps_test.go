package main

import (
	"bytes"
	"testing"

	"github.com/seaworthy-os/seaworthy/pipeline"
)

func TestWatchSplitsSteps(t *testing.T) {
	t.Parallel()
	var w watch
	w.progress(pipeline.Resolve, "")
	w.progress(pipeline.Resolve, "7 components")
	w.progress(pipeline.Inventory, "")
	w.progress(pipeline.Decide, "")
	rows := w.only(pipeline.Resolve, pipeline.Decide, pipeline.Seal)
	if len(rows) != 2 || rows[0].Name != "resolve" || rows[1].Name != "decide" {
		t.Errorf("%+v", rows)
	}
}

func TestUnknownJobs(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"{"}, {`{"Verb":"sing"}`}} {
		if err := measureSteps(args, &bytes.Buffer{}); err == nil {
			t.Errorf("%q was measured", args)
		}
	}
}
