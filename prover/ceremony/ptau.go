package ceremony

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fp"
	cs "github.com/consensys/gnark/constraint/bn254"
)

// NewFromPtau begins a ceremony with phase 2: phase 1 is the powers of tau in a file of
// snarkjs's format, of which as many are read as the circuit needs. That they are powers is
// checked; who made them is not, and verifiers decide whose they accept by the digest
// ([Transcript.Imported]).
func NewFromPtau(ctx context.Context, r1cs *cs.R1CS, title string, file io.ReaderAt, p Progress) (*Transcript, error) {
	t, err := newTranscript(r1cs, title)
	if err != nil {
		return nil, err
	}
	p.report("powers of tau", 0)
	if t.powers, err = readPtau(file, t.power); err != nil {
		return nil, err
	}
	if err := t.powers.check(ctx); err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrPtau)
	}
	origin := t.powers.origin()
	t.imported = &origin
	return t, t.begin(ctx, r1cs, p)
}

// Sections of a powers-of-tau file. It begins with "ptau", a version and the number of
// sections, 32-bit little-endian; a section with its type and its size in bytes, 64-bit.
const (
	ptauHeader = 1 + iota // coordinates' bytes, the modulus, the power of the points, that of the ceremony
	ptauTau1              // 2^(power+1) - 1 points of G1
	ptauTau2              // 2^power points of G2
	ptauAlpha             // and in G1
	ptauBeta
	ptauBeta2 // one point of G2

	maxPtauSections = 64
)

// PtauMagic starts a powers-of-tau file.
const PtauMagic = "ptau"

// ReadPtau returns the first n powers [τ^i]₁ of a powers-of-tau file, and [τ]₂, for a
// universal reference string. The caller checks that they are powers. Errors are [ErrPtau].
func ReadPtau(file io.ReaderAt, n int) (tau1 []bn254.G1Affine, tau2 bn254.G2Affine, err error) {
	f, err := openPtau(file)
	if err != nil {
		return nil, tau2, err
	}
	power, err := f.power()
	if err != nil {
		return nil, tau2, err
	}
	if of := 2<<power - 1; n > of {
		return nil, tau2, badPtau("%d powers of tau, the circuit needs %d", of, n)
	}
	tau1 = f.g1(ptauTau1, n, 2<<power-1)
	if both := f.g2(ptauTau2, 2, 1<<power); f.err == nil {
		tau2 = both[1]
	}
	return tau1, tau2, f.err
}

// ptau finds sections.
type ptau struct {
	file  io.ReaderAt
	start map[uint32]int64
	size  map[uint32]int64
	err   error // the first, of g1 and g2
}

func badPtau(format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, ErrPtau)...)
}

func (f *ptau) at(b []byte, offset int64) error {
	if _, err := f.file.ReadAt(b, offset); err != nil {
		return badPtau("truncated: %v", err)
	}
	return nil
}

func openPtau(file io.ReaderAt) (*ptau, error) {
	f := &ptau{file: file, start: make(map[uint32]int64), size: make(map[uint32]int64)}
	var head [12]byte
	if err := f.at(head[:], 0); err != nil {
		return nil, err
	}
	sections := binary.LittleEndian.Uint32(head[8:])
	if string(head[:4]) != PtauMagic || binary.LittleEndian.Uint32(head[4:]) != 1 || sections > maxPtauSections {
		return nil, badPtau("not version 1 of the format")
	}
	offset := int64(len(head))
	for range sections {
		if err := f.at(head[:], offset); err != nil {
			return nil, err
		}
		id, size := binary.LittleEndian.Uint32(head[:]), binary.LittleEndian.Uint64(head[4:])
		if _, twice := f.start[id]; twice || size > 1<<50 {
			return nil, badPtau("section %d twice, or too large", id)
		}
		f.start[id], f.size[id] = offset+int64(len(head)), int64(size)
		offset += int64(len(head)) + int64(size)
	}
	return f, nil
}

// power reads the header.
func (f *ptau) power() (int, error) {
	var b [4 + fp.Bytes + 8]byte
	if f.size[ptauHeader] != int64(len(b)) {
		return 0, badPtau("its header is of another curve")
	}
	if err := f.at(b[:], f.start[ptauHeader]); err != nil {
		return 0, err
	}
	field := fp.Modulus().FillBytes(make([]byte, fp.Bytes))
	for i, x := range b[4 : 4+fp.Bytes] {
		if x != field[fp.Bytes-1-i] {
			return 0, badPtau("its header is of another curve")
		}
	}
	power := binary.LittleEndian.Uint32(b[4+fp.Bytes:])
	if binary.LittleEndian.Uint32(b[:]) != fp.Bytes || power > maxPower {
		return 0, badPtau("a power of %d", power)
	}
	return int(power), nil
}

// coordinates reads the first so many coordinates of a section of exactly so many: in
// Montgomery form with gnark-crypto's factor, little-endian.
func (f *ptau) coordinates(id uint32, n, of int) []fp.Element {
	if f.err != nil {
		return nil
	}
	var x []fp.Element
	x, f.err = f.readCoordinates(id, n, of)
	return x
}

func (f *ptau) readCoordinates(id uint32, n, of int) ([]fp.Element, error) {
	if f.size[id] != int64(of)*fp.Bytes {
		return nil, badPtau("section %d has %d bytes, want %d", id, f.size[id], int64(of)*fp.Bytes)
	}
	var last [1]byte // before anything is allocated
	if err := f.at(last[:], f.start[id]+int64(n)*fp.Bytes-1); err != nil {
		return nil, err
	}
	out := make([]fp.Element, n)
	r := io.NewSectionReader(f.file, f.start[id], int64(n)*fp.Bytes)
	buf := make([]byte, listPart*fp.Bytes)
	for rest := out; len(rest) > 0; {
		part := rest[:min(len(rest), listPart)]
		if _, err := io.ReadFull(r, buf[:len(part)*fp.Bytes]); err != nil {
			return nil, badPtau("truncated: %v", err)
		}
		for i := range part {
			for k := range part[i] {
				part[i][k] = binary.LittleEndian.Uint64(buf[i*fp.Bytes+8*k:])
			}
			if !belowModulus(&part[i]) {
				return nil, badPtau("section %d: a coordinate is not below the modulus", id)
			}
		}
		rest = rest[len(part):]
	}
	return out, nil
}

// belowModulus reports whether an element's words are reduced.
func belowModulus(x *fp.Element) bool {
	var borrow uint64
	for i, word := range modulus {
		_, borrow = bits.Sub64(x[i], uint64(word), borrow)
	}
	return borrow == 1
}

var modulus = fp.Modulus().Bits()

// readPtau reads the powers for domains of 2^power elements, and checks their form alone.
func readPtau(file io.ReaderAt, power int) (*powers, error) {
	f, err := openPtau(file)
	if err != nil {
		return nil, err
	}
	have, err := f.power()
	if err != nil {
		return nil, err
	}
	if have < power {
		return nil, badPtau("powers of tau up to 2^%d, the circuit needs 2^%d", have, power)
	}
	n, of := 1<<power, 1<<have
	p := &powers{tau1: f.g1(ptauTau1, 2*n-1, 2*of-1), alpha: f.g1(ptauAlpha, n, of), beta: f.g1(ptauBeta, n, of), tau2: f.g2(ptauTau2, n, of)}
	if beta2 := f.g2(ptauBeta2, 1, 1); f.err == nil {
		p.beta2 = beta2[0]
	}
	return p, f.err
}

// g1 reads the first n points of a section of so many.
func (f *ptau) g1(id uint32, n, of int) (points []bn254.G1Affine) {
	for x := f.coordinates(id, 2*n, 2*of); len(x) > 0; x = x[2:] {
		points = append(points, bn254.G1Affine{X: x[0], Y: x[1]})
	}
	return points
}

func (f *ptau) g2(id uint32, n, of int) (points []bn254.G2Affine) {
	for x := f.coordinates(id, 4*n, 4*of); len(x) > 0; x = x[4:] {
		points = append(points, bn254.G2Affine{X: bn254.E2{A0: x[0], A1: x[1]}, Y: bn254.E2{A0: x[2], A1: x[3]}})
	}
	return points
}
