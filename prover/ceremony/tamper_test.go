package ceremony

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fp"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/stretchr/testify/require"
)

// typed are all errors that a transcript may lead to.
func typed(err error) bool {
	for _, e := range []error{ErrTranscript, ErrInvalid, ErrIncomplete, ErrCircuit, ErrPhase1, ErrText} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// refusals counts tampered transcripts.
type refusals struct {
	t    *testing.T
	r    *cs.R1CS
	of   *Transcript
	data []byte // of
	seen map[string]int
}

func newRefusals(t *testing.T) *refusals {
	r := compile(t, 3)
	c := finished(t, r)
	return &refusals{t: t, r: r, of: c, data: written(t, c), seen: make(map[string]int)}
}

// refuse reads a changed copy of the transcript, as whoever receives its file does, and
// verifies it.
func (f *refusals) refuse(what string, change func(c *Transcript)) {
	f.t.Helper()
	c, err := Read(bytes.NewReader(f.data), int64(len(f.data)))
	require.NoError(f.t, err)
	change(c)
	data := written(f.t, c)
	require.False(f.t, bytes.Equal(f.data, data), what)
	f.refuseBytes(what, data)
}

func (f *refusals) refuseBytes(what string, data []byte) {
	f.t.Helper()
	c, err := Read(bytes.NewReader(data), int64(len(data)))
	if err == nil {
		var digests [][32]byte
		if d, ok := f.of.Imported(); ok {
			digests = append(digests, d)
		}
		_, err = Verify(ctx, c, f.r, Options{Phase1: digests})
	}
	require.Error(f.t, err, what)
	require.True(f.t, typed(err), "%s: %v", what, err)
	f.seen[strings.Fields(what)[0]]++
}

// offG2 is on the curve of G2's points, outside the subgroup.
func offG2() (p bn254.G2Affine) {
	_, _, _, gen := bn254.Generators()
	var b, right bn254.E2
	b.Square(&gen.X).Mul(&b, &gen.X)
	right.Square(&gen.Y).Sub(&right, &b) // the curve's constant
	for x := uint64(1); ; x++ {
		p.X.A0.SetUint64(x)
		b.Square(&p.X).Mul(&b, &p.X).Add(&b, &right)
		if b.Legendre() == 1 {
			p.Y.Sqrt(&b)
			if p.IsOnCurve() && !p.IsInSubGroup() {
				return p
			}
		}
	}
}

// changesG1 are what is done to elements of a list.
var changesG1 = map[string]func(list []bn254.G1Affine, i int){
	"negated":   func(list []bn254.G1Affine, i int) { list[i].Neg(&list[i]) },
	"doubled":   func(list []bn254.G1Affine, i int) { list[i].Double(&list[i]) },
	"infinity":  func(list []bn254.G1Affine, i int) { list[i] = bn254.G1Affine{} },
	"off curve": func(list []bn254.G1Affine, i int) { list[i].Y.Add(&list[i].Y, new(fp.Element).SetOne()) },
	"swapped": func(list []bn254.G1Affine, i int) {
		for j := range list {
			if list[j] != list[i] {
				list[i], list[j] = list[j], list[i]
				return
			}
		}
		list[i].Double(&list[i])
	},
}

var changesG2 = map[string]func(list []bn254.G2Affine, i int){
	"negated":  func(list []bn254.G2Affine, i int) { list[i].Neg(&list[i]) },
	"doubled":  func(list []bn254.G2Affine, i int) { list[i].Double(&list[i]) },
	"infinity": func(list []bn254.G2Affine, i int) { list[i] = bn254.G2Affine{} },
	"outside": func(list []bn254.G2Affine, i int) {
		off := offG2()
		list[i].Add(&list[i], off.ScalarMultiplication(&off, fr.Modulus()))
	},
	"off curve": func(list []bn254.G2Affine, i int) { list[i].Y.A0.Double(&list[i].Y.A0) },
}

// lists names the lists of a transcript.
func lists(c *Transcript) (map[string]*[]bn254.G1Affine, map[string]*[]bn254.G2Affine) {
	g1 := map[string]*[]bn254.G1Affine{"tau1": &c.powers.tau1, "alpha": &c.powers.alpha, "beta": &c.powers.beta}
	g2 := map[string]*[]bn254.G2Affine{"tau2": &c.powers.tau2}
	if c.points != nil {
		for i, list := range c.points.lists() {
			g1[fmt.Sprint("list", i)] = list
		}
		g2["b2"], g2["sigma2"] = &c.points.b2, &c.points.sigma2
	}
	return g1, g2
}

func sorted[V any](m map[string]V) (names []string) {
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Every point of a transcript, changed, is noticed; all ways at the ends of each list, one
// after the other in between. (A point at infinity is none that a change can be seen of.)
func (f *refusals) points() {
	g1, g2 := lists(f.of)
	for _, name := range sorted(g1) {
		n := len(*g1[name])
		for i := range n {
			for k, how := range sorted(changesG1) {
				ends := i == 0 || i == n-1
				if (!ends && i%len(changesG1) != k) || (*g1[name])[i].IsInfinity() {
					continue
				}
				f.refuse(fmt.Sprint(name, " ", i, how), func(c *Transcript) {
					lists, _ := lists(c)
					changesG1[how](*lists[name], i)
				})
			}
		}
		if n > 0 {
			f.refuse(name+" shorter", func(c *Transcript) { lists, _ := lists(c); *lists[name] = (*lists[name])[:n-1] })
			f.refuse(name+" longer", func(c *Transcript) { lists, _ := lists(c); *lists[name] = append(*lists[name], (*lists[name])[0]) })
			f.refuse(name+" scaled", func(c *Transcript) {
				lists, _ := lists(c)
				for i := range *lists[name] {
					(*lists[name])[i].Double(&(*lists[name])[i])
				}
			})
		}
	}
	for _, name := range sorted(g2) {
		n := len(*g2[name])
		for i := range n {
			for k, how := range sorted(changesG2) {
				if ends := i == 0 || i == n-1; ends || i%len(changesG2) == k {
					f.refuse(fmt.Sprint(name, " ", i, how), func(c *Transcript) {
						_, lists := lists(c)
						changesG2[how](*lists[name], i)
					})
				}
			}
		}
	}
	for how, change := range changesG2 {
		f.refuse("beta2 "+how, func(c *Transcript) {
			list := []bn254.G2Affine{c.powers.beta2}
			change(list, 0)
			c.powers.beta2 = list[0]
		})
		f.refuse("delta2 "+how, func(c *Transcript) {
			list := []bn254.G2Affine{c.points.delta2}
			change(list, 0)
			c.points.delta2 = list[0]
		})
	}
}

// steps tampers with the records of a phase.
func (f *refusals) steps(phase int, foreign *Transcript) {
	n := len(f.of.steps[phase])
	edit := func(what string, i int, change func(s *Step)) {
		f.refuse(fmt.Sprintf("step %d.%d %s", phase+1, i, what), func(c *Transcript) { change(&c.steps[phase][i]) })
	}
	for i := range n {
		s := f.of.steps[phase][i]
		edit("another name", i, func(s *Step) { s.Name = "Eve" })
		edit("another statement", i, func(s *Step) { s.Statement += "!" })
		edit("no name", i, func(s *Step) { s.Name = "" })
		edit("escape in its name", i, func(s *Step) { s.Name = "\x1b[2J" })
		edit("foreign", i, func(s *Step) { *s = foreign.steps[phase][i] })
		edit("a beacon instead", i, func(s *Step) { s.Value = append([]byte("0123456789abcdef"), s.Value...); s.proof = nil })
		for k := range s.after.g1 {
			edit("doubled", i, func(s *Step) { s.after.g1[k].Double(&s.after.g1[k]) })
			edit("infinity", i, func(s *Step) { s.after.g1[k] = bn254.G1Affine{} })
		}
		for k := range s.after.g2 {
			edit("doubled", i, func(s *Step) { s.after.g2[k].Double(&s.after.g2[k]) })
			edit("outside", i, func(s *Step) { s.after.g2[k] = offG2() })
		}
		if !s.Beacon() {
			for k := range s.proof.responses {
				edit("another response", i, func(s *Step) { s.proof.responses[k].Double(&s.proof.responses[k]) })
			}
			for k := range s.proof.commitments.g1 {
				edit("another commitment", i, func(s *Step) { s.proof.commitments.g1[k].Neg(&s.proof.commitments.g1[k]) })
			}
			for k := range s.proof.commitments.g2 {
				edit("another commitment", i, func(s *Step) { s.proof.commitments.g2[k].Neg(&s.proof.commitments.g2[k]) })
			}
		}
		f.refuse(fmt.Sprintf("step %d.%d dropped", phase+1, i), func(c *Transcript) { c.steps[phase] = slices.Delete(c.steps[phase], i, i+1) })
		for j := range n + 1 {
			f.refuse(fmt.Sprintf("step %d.%d repeated at %d", phase+1, i, j), func(c *Transcript) { c.steps[phase] = slices.Insert(c.steps[phase], j, c.steps[phase][i]) })
			if j < i {
				f.refuse(fmt.Sprintf("step %d.%d exchanged with %d", phase+1, i, j), func(c *Transcript) {
					s := c.steps[phase]
					s[i], s[j] = s[j], s[i]
				})
			}
		}
	}
	f.refuse(fmt.Sprint("step none in phase ", phase+1), func(c *Transcript) { c.steps[phase] = nil })
	f.refuse(fmt.Sprint("step the beacon's alone in phase ", phase+1), func(c *Transcript) { c.steps[phase] = c.steps[phase][n-1:] })
	f.refuse(fmt.Sprint("foreign steps of phase ", phase+1), func(c *Transcript) { c.steps[phase] = foreign.steps[phase] })
}

func TestTampered(t *testing.T) {
	long(t)
	f := newRefusals(t)
	foreign := finished(t, f.r)
	f.points()
	f.steps(0, foreign)
	f.steps(1, foreign)
	f.refuse("foreign powers", func(c *Transcript) { c.powers = foreign.powers })
	f.refuse("foreign points", func(c *Transcript) { c.points = foreign.points })
	f.refuse("foreign phase 2", func(c *Transcript) { c.points, c.steps[1] = foreign.points, foreign.steps[1] })
	f.refuse("foreign phase 1", func(c *Transcript) { c.powers, c.steps[0] = foreign.powers, foreign.steps[0] })
	f.refuse("head title", func(c *Transcript) { c.title = "other" })
	f.refuse("head circuit", func(c *Transcript) { c.circuit[5]++ })
	f.refuse("head power", func(c *Transcript) { c.power++ })
	f.refuse("head smaller power", func(c *Transcript) { c.power-- })
	f.refuse("head imported", func(c *Transcript) { o := c.powers.origin(); c.imported = &o })
	total := 0
	for _, name := range sorted(f.seen) {
		total += f.seen[name]
	}
	t.Logf("%d tampered transcripts refused: %v", total, f.seen)
	require.Greater(t, total, 500)
}
