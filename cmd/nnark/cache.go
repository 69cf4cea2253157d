package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/prover"
)

// sumsFile holds the checksums of the cached key files, in the form of sha256sum.
const sumsFile = "SHA256SUMS"

// errDamaged means that a cached file is not what was written.
var errDamaged = errors.New("checksums differ")

// errNoCache means that the user has no folder for caches.
var errNoCache = errors.New("no cache folder")

// userCache returns the folder in which the user's programs keep what they could make again,
// "" if there is none.
func userCache() string {
	base, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(base, "nnark")
}

// cacheDir returns the folder for the demo's keys of an architecture, "" if there is none.
func cacheDir(p *circuits.Program) string {
	base := userCache()
	if base == "" {
		return ""
	}
	arch := p.Architecture()
	return filepath.Join(base, "demo-2-"+hex.EncodeToString(arch[:8])) // 2: the format of keys
}

// cachedKeys returns keys from the user's cache, or makes them and puts them there;
// fresh says which. Without a cache the keys are made every time.
func (c *command) cachedKeys(compiled *circuits.Compiled) (keys *prover.Keys, dir string, fresh bool, err error) {
	if dir = cacheDir(compiled.Program); dir == "" {
		err = errNoCache
	} else {
		keys, err = stage(c, "load keys", func() (*prover.Keys, error) { return loadCache(dir, compiled) })
	}
	switch {
	case err == nil:
		return keys, dir, false, nil
	case c.ctx.Err() != nil:
		return nil, "", false, err
	case !errors.Is(err, fs.ErrNotExist):
		c.warn("cached keys are not usable and made again: %v", err)
	}
	keys, err = c.makeKeys(func(show prover.Progress) (*prover.Keys, error) { return c.newKeys(compiled, origin{}, show) })
	if err != nil || dir == "" {
		return keys, "", true, err
	}
	if err := fillCache(keys, dir); err != nil {
		c.warn("keys are not kept: %v", err)
		dir = ""
	}
	return keys, dir, true, nil
}

func loadCache(dir string, compiled *circuits.Compiled) (*prover.Keys, error) {
	want, err := os.ReadFile(filepath.Join(dir, sumsFile))
	if err != nil {
		return nil, err
	}
	got, err := sums(dir)
	if err != nil || !bytes.Equal(got, want) {
		return nil, fmt.Errorf("%s: %w", dir, errDamaged)
	}
	return prover.Load(dir, compiled)
}

func fillCache(keys *prover.Keys, dir string) error {
	if err := saveKeys(keys, nil, dir); err != nil {
		return err
	}
	data, err := sums(dir)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, sumsFile), 0o644, data)
}

// sums returns the checksums of the key files.
func sums(dir string) ([]byte, error) {
	var out []byte
	for _, name := range keyFiles {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) && slices.Contains(optionalFiles, name) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = fmt.Appendf(out, "%x  %s\n", sha256.Sum256(data), name)
	}
	return out, nil
}
