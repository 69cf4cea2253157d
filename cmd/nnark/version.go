package main

import (
	"io"
	"runtime"
	"runtime/debug"

	"github.com/nnark/nnark/prover/simd"
)

// versionReport is the JSON object of version.
type versionReport struct {
	Version  string `json:"version"`            // of the module
	Revision string `json:"revision,omitempty"` // of its source, where the build knows it
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Kernels  string `json:"kernels"` // of the prover
}

func version(c *command) (report, error) {
	if err := c.parse(nil); err != nil {
		return nil, err
	}
	r := &versionReport{Version: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Kernels: simd.Level()}
	if info, ok := debug.ReadBuildInfo(); ok {
		r.Version = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				r.Revision = s.Value
			}
		}
	}
	return r, nil
}

func (r *versionReport) text(w io.Writer) {
	row(w, "nnark", r.Version)
	if r.Revision != "" {
		row(w, "revision", r.Revision)
	}
	row(w, "go", r.Go+" "+r.Platform)
	row(w, "kernels", r.Kernels)
}
