package groth16

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/fft"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/pedersen"
	g16 "github.com/consensys/gnark/backend/groth16/bn254"
	cs "github.com/consensys/gnark/constraint/bn254"
)

// ReadProvingKey reads a proving key for the circuit in gnark's encoding, raw or
// compressed. gnark's own reader allocates whatever the file says; here every length is
// held against the circuit before anything is allocated. The points are checked by [New].
// Errors are [ErrCircuit].
func ReadProvingKey(r *bufio.Reader, r1cs *cs.R1CS) (*g16.ProvingKey, error) {
	l, err := newLayout(r1cs)
	if err != nil {
		return nil, err
	}
	d := &keyDecoder{Decoder: bn254.NewDecoder(r, bn254.NoSubgroupChecks()), r: r}
	pk := new(g16.ProvingKey)
	n := ecc.NextPowerOfTwo(uint64(l.constraints))
	d.domain(&pk.Domain, n)
	d.decode(&pk.G1.Alpha, &pk.G1.Beta, &pk.G1.Delta)
	list(d, &pk.G1.A, 0, l.wires)
	list(d, &pk.G1.B, 0, l.wires)
	list(d, &pk.G1.Z, int(n)-1, int(n)-1)
	list(d, &pk.G1.K, len(l.private), len(l.private))
	d.decode(&pk.G2.Beta, &pk.G2.Delta)
	list(d, &pk.G2.B, len(pk.G1.B), len(pk.G1.B))
	var wires uint64
	d.decode(&wires, &pk.NbInfinityA, &pk.NbInfinityB)
	d.expect("wires", wires, l.wires, l.wires)
	pk.InfinityA, pk.InfinityB = make([]bool, l.wires), make([]bool, l.wires)
	var commitments uint32
	d.decode(&pk.InfinityA, &pk.InfinityB, &commitments)
	d.expect("commitments", uint64(commitments), len(l.commitments), len(l.commitments))
	pk.CommitmentKeys = make([]pedersen.ProvingKey, len(l.commitments))
	for i, c := range l.commitments {
		list(d, &pk.CommitmentKeys[i].Basis, len(c.PrivateCommitted), len(c.PrivateCommitted))
		list(d, &pk.CommitmentKeys[i].BasisExpSigma, len(c.PrivateCommitted), len(c.PrivateCommitted))
	}
	if d.err != nil {
		return nil, fmt.Errorf("%w: proving key: %w", ErrCircuit, d.err)
	}
	return pk, nil
}

// keyDecoder keeps the first error.
type keyDecoder struct {
	*bn254.Decoder
	r   *bufio.Reader
	err error
}

func (d *keyDecoder) decode(parts ...any) {
	for _, part := range parts {
		if d.err == nil {
			d.err = d.Decode(part)
		}
	}
}

func (d *keyDecoder) expect(what string, n uint64, least, most int) {
	if d.err == nil && (n < uint64(least) || n > uint64(most)) {
		d.err = fmt.Errorf("%d %s, want %d to %d", n, what, least, most)
	}
}

// list decodes a list whose length lies in a range.
func list[P any](d *keyDecoder, v *[]P, least, most int) {
	if d.err != nil {
		return
	}
	length, err := d.r.Peek(4)
	if d.err = err; err == nil {
		d.expect("points", uint64(binary.BigEndian.Uint32(length)), least, most)
	}
	d.decode(v)
}

// domain reads a domain that can be but one, up to the last byte, which says what gnark
// computes beside it.
func (d *keyDecoder) domain(v *fft.Domain, n uint64) {
	*v = *fft.NewDomain(n)
	var want bytes.Buffer
	if _, d.err = v.WriteTo(&want); d.err != nil {
		return
	}
	got := make([]byte, want.Len())
	if d.decode(&got); d.err == nil && !bytes.Equal(got[:len(got)-1], want.Bytes()[:len(got)-1]) {
		d.err = fmt.Errorf("domain is not the circuit's, of %d", n)
	}
}

// ReadVerifyingKey is [ReadProvingKey] for verifying keys. It checks the points' groups.
func ReadVerifyingKey(r *bufio.Reader, r1cs *cs.R1CS) (*g16.VerifyingKey, error) {
	l, err := newLayout(r1cs)
	if err != nil {
		return nil, err
	}
	d := &keyDecoder{Decoder: bn254.NewDecoder(r), r: r}
	vk := new(g16.VerifyingKey)
	d.decode(&vk.G1.Alpha, &vk.G1.Beta, &vk.G2.Beta, &vk.G2.Gamma, &vk.G1.Delta, &vk.G2.Delta)
	list(d, &vk.G1.K, len(l.public), len(l.public))
	vk.PublicAndCommitmentCommitted = l.commitments.GetPublicAndCommitmentCommitted(l.commitments.CommitmentIndexes(), l.nbPublic)
	d.same(uint32(len(vk.PublicAndCommitmentCommitted)))
	for _, wires := range vk.PublicAndCommitmentCommitted {
		d.same(uint32(len(wires)))
		for _, w := range wires {
			d.same(uint64(w))
		}
	}
	d.same(uint32(len(l.commitments)))
	vk.CommitmentKeys = make([]pedersen.VerifyingKey, len(l.commitments))
	for i := range vk.CommitmentKeys {
		d.decode(&vk.CommitmentKeys[i].G, &vk.CommitmentKeys[i].GSigmaNeg)
	}
	if d.err != nil {
		return nil, fmt.Errorf("%w: verifying key: %w", ErrCircuit, d.err)
	}
	return vk, nil
}

// same reads a number that the circuit determines.
func (d *keyDecoder) same(want any) {
	size := binary.Size(want)
	got, expected := make([]byte, size), make([]byte, 0, size)
	expected, _ = binary.Append(expected, binary.BigEndian, want)
	if d.decode(&got); d.err == nil && !bytes.Equal(got, expected) {
		d.err = fmt.Errorf("for another circuit: a number of it is 0x%x, not %v", got, want)
	}
}
