package ceremony

import (
	"bufio"
	"encoding/binary"
	"io"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// magic starts a transcript's file. What follows is
//
//	title, digest of the circuit, power, 1 and the anchors if phase 1 was imported or 0;
//	the number of commitments of the circuit; the phase;
//	the steps of phase 1 if it was not imported, those of phase 2 if that began;
//	the points of phase 1, those of phase 2 if that began;
//	SHA-256 of all that.
const magic = "nnark-ceremony-1\n"

// encodeHead writes what the ceremony is for and starts from.
func (t *Transcript) encodeHead(e *encoder) {
	e.raw([]byte(magic))
	e.raw(binary.BigEndian.AppendUint16(nil, uint16(len(t.title))))
	e.raw([]byte(t.title))
	e.raw(t.circuit[:])
	e.byte(byte(t.power))
	if t.imported == nil {
		e.byte(0)
		return
	}
	e.byte(1)
	e.anchors(t.imported)
}

// WriteTo implements [io.WriterTo].
func (t *Transcript) WriteTo(to io.Writer) (int64, error) {
	buffered := bufio.NewWriterSize(to, 1<<20)
	w := newWriter(buffered)
	var e encoder
	t.encodeHead(&e)
	if t.points == nil {
		e.raw([]byte{0, 1})
	} else {
		e.raw([]byte{byte(len(t.points.sigma2)), 2})
	}
	for i, steps := range t.steps {
		if i == 0 && t.imported != nil || i == 1 && t.points == nil {
			continue
		}
		e.raw(binary.BigEndian.AppendUint16(nil, uint16(len(steps))))
		for k := range steps {
			steps[k].encode(&e)
		}
	}
	w.raw(e.buf.Bytes())
	writeList(w, t.powers.tau1, g1Bytes, putG1)
	writeList(w, t.powers.alpha, g1Bytes, putG1)
	writeList(w, t.powers.beta, g1Bytes, putG1)
	writeList(w, t.powers.tau2, g2Bytes, putG2)
	writeList(w, []bn254.G2Affine{t.powers.beta2}, g2Bytes, putG2)
	if p := t.points; p != nil {
		for _, list := range p.lists() {
			writeList(w, *list, g1Bytes, putG1)
		}
		writeList(w, p.b2, g2Bytes, putG2)
		writeList(w, append([]bn254.G2Affine{p.delta2}, p.sigma2...), g2Bytes, putG2)
	}
	w.raw(w.sum.Sum(nil))
	if w.err == nil {
		w.err = buffered.Flush()
	}
	return w.n, w.err
}

// maxCommitments is more than a circuit of this module has; gnark allows any number.
const maxCommitments = 16

// Read reads a transcript from a file of so many bytes, to the last of them. It allocates
// no more than a few times that. Errors are [ErrTranscript]; that the rest holds, [Verify]
// finds.
func Read(from io.Reader, size int64) (*Transcript, error) {
	r := newReader(bufio.NewReaderSize(from, 1<<20), size)
	t := new(Transcript)
	if string(r.raw(len(magic))) != magic {
		r.fail("its first line is another")
	}
	t.title = r.text(maxName)
	t.circuit = r.hash()
	t.power = int(r.byte())
	switch imported := r.byte(); imported {
	case 0:
	case 1:
		a := r.anchors(phase1Secrets, 2)
		t.imported = &a
	default:
		r.fail("origin %d of phase 1", imported)
	}
	commitments, phase := int(r.byte()), int(r.byte())
	switch {
	case r.err != nil:
	case (&Step{Name: t.title}).checkText() != nil:
		r.fail("the title")
	case t.power < 1 || t.power > maxPower:
		r.fail("a domain of 2^%d", t.power)
	case phase == 1 && (commitments > 0 || t.imported != nil) || phase != 1 && phase != 2 || commitments > maxCommitments:
		r.fail("phase %d with %d commitments", phase, commitments)
	}
	if t.imported == nil {
		t.steps[0] = r.steps(1, t.start(), phase1Secrets, 0)
	}
	if phase == 2 {
		t.steps[1] = r.steps(2, t.Hash(), 1, commitments)
	}
	t.readPoints(r, phase, commitments)
	sum := r.sum.Sum(nil)
	if end := r.hash(); r.err == nil && string(end[:]) != string(sum) {
		r.fail("damaged: its checksum is wrong")
	}
	if r.err == nil && r.left > 0 {
		r.fail("%d bytes behind its end", r.left)
	}
	if n, _ := r.r.Read(make([]byte, 1)); r.err == nil && n > 0 {
		r.fail("longer than it was said to be")
	}
	if r.err != nil {
		return nil, r.err
	}
	return t, nil
}

// steps reads the steps of a phase.
func (r *reader) steps(phase int, previous [32]byte, n1, n2 int) (steps []Step) {
	n := r.uint16()
	if n > maxSteps {
		r.fail("%d steps", n)
	}
	for i := 0; i < n && r.err == nil; i++ {
		s := Step{Name: r.text(maxName), Statement: r.text(maxStatement), Value: []byte(r.text(maxBeacon))}
		s.after = r.anchors(n1, n2)
		if !s.Beacon() {
			s.proof = &schnorr{commitments: r.anchors(n1, n2), responses: make([]fr.Element, n1+n2)}
			for k := range s.proof.responses {
				s.proof.responses[k] = r.element()
			}
		}
		if r.err == nil {
			s.Hash = s.hash(phase, previous)
			previous = s.Hash
			steps = append(steps, s)
		}
	}
	return steps
}

// readPoints reads the points of the phases.
func (t *Transcript) readPoints(r *reader, phase, commitments int) {
	if r.err != nil {
		return
	}
	n := 1 << t.power
	n2 := n
	if phase == 2 {
		n2 = 2
	}
	g1 := func(n int) []bn254.G1Affine { return readList(r, n, g1Bytes, getG1) }
	g2 := func(n int) []bn254.G2Affine { return readList(r, n, g2Bytes, getG2) }
	t.powers = &powers{tau1: g1(2*n - 1), alpha: g1(n), beta: g1(n), tau2: g2(n2)}
	if beta2 := g2(1); r.err == nil {
		t.powers.beta2 = beta2[0]
	}
	if phase == 1 {
		return
	}
	p := newPoints(commitments)
	for _, list := range p.lists() {
		*list = g1(-1)
	}
	p.b2 = g2(-1)
	if last := g2(1 + commitments); r.err == nil {
		p.delta2, p.sigma2 = last[0], last[1:]
	}
	if r.err == nil && (len(p.delta) != 1 || len(p.z) != n-1) {
		r.fail("%d points for delta, %d for the quotient", len(p.delta), len(p.z))
	}
	for i := range p.basis {
		if r.err == nil && len(p.basis[i]) != len(p.basisSigma[i]) {
			r.fail("bases of commitment %d of %d and %d points", i, len(p.basis[i]), len(p.basisSigma[i]))
		}
	}
	t.points = p
}
