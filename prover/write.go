package prover

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"
)

// writeSummed writes a file of a header, a body and the SHA-256 of both.
func writeSummed(name string, mode os.FileMode, head []byte, body func(io.Writer) error) error {
	return WriteFile(name, mode, func(w io.Writer) error {
		h := sha256.New()
		both := io.MultiWriter(w, h)
		if _, err := both.Write(head); err != nil {
			return err
		}
		if err := body(both); err != nil {
			return err
		}
		_, err := w.Write(h.Sum(nil))
		return err
	})
}

// readSummed reads a file that writeSummed wrote: body what lies between header and checksum,
// while the file is summed. What body returns counts for nothing if one of these is wrong.
func readSummed(name string, head []byte, body func(io.Reader) error) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	n := info.Size() - sha256.Size - int64(len(head))
	if n < 0 {
		return fmt.Errorf("too short: %w", ErrKeys)
	}
	got := make([]byte, len(head))
	if _, err := io.ReadFull(f, got); err != nil {
		return err
	}
	magic := head[:bytes.IndexByte(head, '\n')+1] // nnark-what-version
	if what := magic[:bytes.LastIndexByte(magic, '-')+1]; bytes.HasPrefix(got, what) && !bytes.HasPrefix(got, magic) {
		return fmt.Errorf("written by another version of nnark, make it again: %w", ErrKeys)
	}
	var summing errgroup.Group
	summing.Go(func() error { return checkSum(f, int64(len(head))+n) })
	var bodyErr error
	if bytes.Equal(got, head) {
		r := io.NewSectionReader(f, int64(len(head)), n)
		bodyErr = body(bufio.NewReaderSize(r, 1<<16))
		if at, _ := r.Seek(0, io.SeekCurrent); bodyErr == nil && at < n {
			bodyErr = fmt.Errorf("%d bytes too long", n-at)
		}
	}
	switch err := summing.Wait(); {
	case err != nil:
		return err
	case !bytes.Equal(got, head):
		return fmt.Errorf("is for another model: %w", ErrKeys)
	case bodyErr != nil:
		return fmt.Errorf("%w: %w", bodyErr, ErrKeys)
	}
	return nil
}

// checkSum compares the first n bytes of a file with the SHA-256 behind them.
func checkSum(f io.ReaderAt, n int64) error {
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f, 0, n)); err != nil {
		return err
	}
	sum := make([]byte, sha256.Size)
	if _, err := f.ReadAt(sum, n); err != nil {
		return err
	}
	if !bytes.Equal(sum, h.Sum(nil)) {
		return fmt.Errorf("damaged, its checksum is wrong: %w", ErrKeys)
	}
	return nil
}

// WriteFile writes a file through a temporary one beside it, synced and then renamed, so
// that the name never stands for half of it.
func WriteFile(name string, mode os.FileMode, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	w := bufio.NewWriterSize(f, 1<<20)
	if err := write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := f.Chmod(mode); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	return syncDir(filepath.Dir(name))
}

// syncDir makes a rename durable; not every system lets folders be synced.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer d.Close()
	_ = d.Sync()
	return nil
}

func writeBytes(name string, mode os.FileMode, data []byte) error {
	return WriteFile(name, mode, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// checkOther reports a file that is there and does not start with the bytes.
func checkOther(name string, start []byte) error {
	f, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	got := make([]byte, len(start))
	if _, err := io.ReadFull(f, got); err != nil || len(start) == 0 || !bytes.Equal(got, start) {
		return fmt.Errorf("%s: %w", name, ErrExists)
	}
	return nil
}
