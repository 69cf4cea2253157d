package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	cs "github.com/consensys/gnark/constraint/bn254"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/prover"
	"github.com/nnark/nnark/prover/ceremony"
)

// transcriptReport is the JSON object of ceremony init, contribute, beacon and, if it
// accepts, verify.
type transcriptReport struct {
	Transcript    string       `json:"transcript"` // path
	Accepted      *bool        `json:"accepted,omitempty"`
	Title         string       `json:"title"`
	Circuit       string       `json:"circuit"`
	Phase         int          `json:"phase"` // that the next step belongs to; 0 after the last
	PtauDigest    string       `json:"ptau_digest,omitempty"`
	Steps         []stepReport `json:"steps"`
	Hash          string       `json:"hash"`
	Contributions int          `json:"contributions,omitempty"`
	Bytes         int64        `json:"bytes"`
	MS            float64      `json:"ms"`
	own           *stepReport  // that this run made
}

// stepReport is one step of a ceremony.
type stepReport struct {
	Phase     int    `json:"phase"`
	Name      string `json:"name"`
	Statement string `json:"statement,omitempty"`
	Beacon    string `json:"beacon,omitempty"` // its value
	Hash      string `json:"hash"`
}

func ceremonyInit(c *command) (report, error) {
	out := c.flags.String("o", "", "write the transcript to `FILE`")
	ptau := c.flags.String("ptau", "", "take phase 1 from the powers of tau in `FILE`, of snarkjs's format, instead of contributions")
	force := c.flags.Bool("force", false, "replace a transcript that is there")
	if err := c.parse([]string{"M.nnark"}, "o"); err != nil {
		return nil, err
	}
	if err := mayWrite(*out, *force); err != nil {
		return nil, err
	}
	r1cs, p, err := c.circuitOf(c.args[0])
	if err != nil {
		return nil, err
	}
	return c.step(*out, *force, func(show ceremony.Progress) (*ceremony.Transcript, error) {
		if *ptau == "" {
			return ceremony.New(r1cs, p.Name)
		}
		f, err := os.Open(*ptau)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		t, err := ceremony.NewFromPtau(c.ctx, r1cs, p.Name, f, show)
		if err != nil {
			err = fmt.Errorf("%s: %w", *ptau, err)
		}
		return t, err
	})
}

func ceremonyContribute(c *command) (report, error) {
	out := c.flags.String("o", "", "write the transcript with the contribution to `FILE`")
	name := c.flags.String("name", "", "the contributor's `NAME`, as everybody will read it")
	statement := c.flags.String("statement", "", "something to say in public, `TEXT`")
	entropy := c.flags.String("entropy", "", "mix randomness of your own into the system's, a line of `FILE`, - for the keyboard: letters, dice")
	force := c.flags.Bool("force", false, "replace a file that is there")
	if err := c.parse([]string{"TRANSCRIPT"}, "o", "name"); err != nil {
		return nil, err
	}
	if err := mayWrite(*out, *force); err != nil {
		return nil, err
	}
	extra, err := c.entropy(*entropy)
	if err != nil {
		return nil, err
	}
	defer clear(extra)
	t, err := readTranscript(c.args[0])
	if err != nil {
		return nil, err
	}
	return c.step(*out, *force, func(show ceremony.Progress) (*ceremony.Transcript, error) {
		return t, t.Contribute(c.ctx, *name, *statement, extra, show)
	})
}

func ceremonyBeacon(c *command) (report, error) {
	out := c.flags.String("o", "", "write the transcript with the beacon to `FILE`")
	source := c.flags.String("source", "", "where the value was published, and when: `TEXT`")
	value := c.flags.String("value", "", "the value, at least 16 bytes that nobody could know before, in `HEX`")
	program := c.flags.String("program", "", "the program in `M.nnark`: for the beacon of phase 1, with which phase 2 begins")
	force := c.flags.Bool("force", false, "replace a file that is there")
	if err := c.parse([]string{"TRANSCRIPT"}, "o", "source", "value"); err != nil {
		return nil, err
	}
	data, err := hex.DecodeString(strings.TrimPrefix(*value, "0x"))
	if err != nil {
		return nil, usageError{c.verb, "--value is not hexadecimal"}
	}
	if err := mayWrite(*out, *force); err != nil {
		return nil, err
	}
	t, err := readTranscript(c.args[0])
	if err != nil {
		return nil, err
	}
	var r1cs *cs.R1CS
	if t.Phase() == 1 {
		if *program == "" {
			return nil, usageError{c.verb, "missing --program: the beacon of phase 1 begins phase 2, for a circuit"}
		}
		if r1cs, _, err = c.circuitOf(*program); err != nil {
			return nil, err
		}
	}
	return c.step(*out, *force, func(show ceremony.Progress) (*ceremony.Transcript, error) {
		return t, t.Beacon(c.ctx, *source, data, r1cs, show)
	})
}

// step runs what makes a transcript, and writes it.
func (c *command) step(out string, force bool, f func(ceremony.Progress) (*ceremony.Transcript, error)) (report, error) {
	start := time.Now()
	show, done := c.progress()
	defer done()
	t, err := await(c.ctx, func() (*ceremony.Transcript, error) { return f(ceremony.Progress(show)) })
	if err != nil {
		return nil, err
	}
	if err := mayWrite(out, force); err != nil { // by another process, meanwhile
		return nil, err
	}
	if err := prover.WriteFile(out, 0o644, func(w io.Writer) error { _, err := t.WriteTo(w); return err }); err != nil {
		return nil, err
	}
	r := newTranscriptReport(out, t)
	if n := len(r.Steps); n > 0 {
		r.own = &r.Steps[n-1]
	}
	r.MS = ms(time.Since(start))
	return r, nil
}

func ceremonyVerify(c *command) (report, error) {
	var o ceremony.Options
	c.ptauDigests(&o.Phase1)
	var mine []digestFlag
	c.flags.Func("contribution", "refuse a transcript without the step of the hash `HEX`, your contribution; may be given several times", func(s string) error {
		var d digestFlag
		err := d.Set(s)
		mine = append(mine, d)
		return err
	})
	if err := c.parse([]string{"TRANSCRIPT", "M.nnark"}); err != nil {
		return nil, err
	}
	t, err := readTranscript(c.args[0])
	if err != nil {
		return nil, err
	}
	for _, d := range mine {
		if !slices.ContainsFunc(append(t.Steps(1), t.Steps(2)...), func(s ceremony.Step) bool { return s.Hash == d.value }) {
			return nil, rejection{fmt.Errorf("contribution %v is not in it: %w", &d, ceremony.ErrIncomplete)}
		}
	}
	r1cs, _, err := c.circuitOf(c.args[1])
	if err != nil {
		return nil, err
	}
	show, done := c.progress()
	defer done()
	o.Progress = ceremony.Progress(show)
	start := time.Now()
	v, err := await(c.ctx, func() (*ceremony.Verified, error) { return ceremony.Verify(c.ctx, t, r1cs, o) })
	if err != nil {
		if c.ctx.Err() == nil && isRefusal(err) {
			err = rejection{err}
		}
		return nil, err
	}
	r := newTranscriptReport(c.args[0], t)
	accepted := true
	r.Accepted, r.Contributions, r.MS = &accepted, v.Contributions, ms(time.Since(start))
	return r, nil
}

// isRefusal reports whether a transcript could be read, and is not accepted.
func isRefusal(err error) bool {
	for _, e := range []error{ceremony.ErrInvalid, ceremony.ErrIncomplete, ceremony.ErrCircuit, ceremony.ErrPhase1, ceremony.ErrText} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func ceremonyFinalize(c *command) (report, error) {
	dir := c.flags.String("o", "", "write the keys to the folder `KEYDIR`")
	var o ceremony.Options
	c.ptauDigests(&o.Phase1)
	force := c.flags.Bool("force", false, "replace the keys that are in the folder: their opening may be the only one")
	bind := c.flags.Bool("bind", false, "also write a bound key, as secret as the weights, with which prove is faster")
	if err := c.parse([]string{"TRANSCRIPT", "M.nnark"}, "o"); err != nil {
		return nil, err
	}
	if err := mayReplaceKeys(*dir, *force); err != nil {
		return nil, err
	}
	t, err := readTranscript(c.args[0])
	if err != nil {
		return nil, err
	}
	p, err := loadProgram(c.args[1])
	if err != nil {
		return nil, err
	}
	compiled, err := c.compiled(p)
	if err != nil {
		return nil, err
	}
	return c.writeKeys(compiled, *dir, *force, *bind, func(show prover.Progress) (*prover.Keys, error) {
		o.Progress = ceremony.Progress(show)
		return prover.FromCeremony(c.ctx, compiled, t, o)
	})
}

// circuitOf compiles a program's constraint system for Groth16.
func (c *command) circuitOf(path string) (*cs.R1CS, *circuits.Program, error) {
	p, err := loadProgram(path)
	if err != nil {
		return nil, nil, err
	}
	if p.Config.System != circuits.Groth16 {
		return nil, nil, fmt.Errorf("%s: a ceremony is for Groth16: %w", path, prover.ErrSystem)
	}
	compiled, err := c.compiled(p)
	if err != nil {
		return nil, nil, err
	}
	return compiled.System.(*cs.R1CS), p, nil
}

func readTranscript(path string) (*ceremony.Transcript, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	t, err := ceremony.Read(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// ptauDigests defines the flag with the digest of an accepted phase 1.
func (c *command) ptauDigests(list *[][32]byte) {
	c.flags.Func("ptau-digest", "accept phase 1 from the powers-of-tau file with the digest `HEX`, which ceremony init showed to somebody you trust, or you", func(s string) error {
		var d digestFlag
		err := d.Set(s)
		*list = append(*list, d.value)
		return err
	})
}

// maxEntropy bounds what is read of a contributor's own randomness.
const maxEntropy = 4096

// entropy reads a line of a file, or of the keyboard.
func (c *command) entropy(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	in := os.Stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	} else if isTerminal(c.stderr) {
		fmt.Fprint(c.stderr, "Type at random, or throw dice, and press Enter: ")
	}
	line, err := await(c.ctx, func() ([]byte, error) {
		buf, err := bufio.NewReaderSize(in, maxEntropy).ReadSlice('\n')
		if len(buf) > 0 {
			err = nil
		}
		return bytes.TrimSpace(buf), err
	})
	if err == nil && len(line) == 0 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, fmt.Errorf("entropy: %w", err)
	}
	return line, nil
}

func newTranscriptReport(path string, t *ceremony.Transcript) *transcriptReport {
	circuit, hash := t.Circuit(), t.Hash()
	r := &transcriptReport{
		Transcript: path, Title: t.Title(), Circuit: hex.EncodeToString(circuit[:]), Phase: t.Phase(),
		Steps: []stepReport{}, Hash: hex.EncodeToString(hash[:]), Bytes: fileSize(path),
	}
	if d, ok := t.Imported(); ok {
		r.PtauDigest = hex.EncodeToString(d[:])
	}
	for phase := 1; phase <= 2; phase++ {
		for _, s := range t.Steps(phase) {
			r.Steps = append(r.Steps, stepReport{phase, s.Name, s.Statement, hex.EncodeToString(s.Value), hex.EncodeToString(s.Hash[:])})
		}
	}
	return r
}

func (r *transcriptReport) text(w io.Writer) {
	if r.Accepted != nil {
		row(w, "accepted", fmt.Sprintf("%d parties contributed, one of whom is enough to be honest", r.Contributions))
	}
	row(w, "transcript", fmt.Sprintf("%s (%s)", filepath.Base(r.Transcript), size(r.Bytes)))
	row(w, "model", r.Title)
	row(w, "circuit", r.Circuit)
	if r.PtauDigest != "" {
		row(w, "powers of tau", r.PtauDigest)
	}
	for _, s := range r.Steps {
		what := s.Name
		if s.Beacon != "" {
			what = fmt.Sprintf("beacon %s from %s", s.Beacon, s.Name)
		} else if s.Statement != "" {
			what += ", who says: " + s.Statement
		}
		row(w, fmt.Sprintf("phase %d", s.Phase), s.Hash, what)
	}
	if r.Phase == 0 {
		row(w, "hash", r.Hash+", which keys and contracts of the ceremony name")
	}
	switch {
	case r.Phase == 0 && r.Accepted == nil:
		row(w, "next", "nnark ceremony finalize, by whoever has the program")
	case r.Phase > 0:
		row(w, "next", fmt.Sprintf("a contribution to phase %d by another party, or the beacon after two", r.Phase))
	}
	if r.own != nil && r.own.Beacon == "" {
		row(w, "keep", r.own.Hash+": if the ceremony's end lists it, your contribution counts")
	}
	row(w, "time", duration(r.MS))
}
