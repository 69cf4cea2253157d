package solidity

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"golang.org/x/crypto/sha3"

	"github.com/nnark/nnark/verifier"
)

// proofWords is the length of a Groth16 proof in words of 32 bytes.
const proofWords = 12

const verifySignature = "verify(uint256[12],uint256[])"

// Calldata returns the ABI-encoded call of verify for a proof of the key. It
// does not verify the proof.
//
// Errors: those of [verifier.VerifyingKey.Check]; [ErrUnsupported] for PLONK;
// [verifier.ErrWrongModel] for another key's proof; [verifier.ErrMalformed] for
// a proof of another system or statement size.
func Calldata(vk *verifier.VerifyingKey, p *verifier.Proof) ([]byte, error) {
	if err := checkProof(vk, p); err != nil {
		return nil, err
	}
	c := newCall(proofWords + 1)
	c.proof(p.Groth16)
	c.array(elementWords(p.Statement))
	return c.encode(verifySignature), nil
}

// InferenceCalldata returns the ABI-encoded call of verifyInference for a proof
// of the key, with the errors of [Calldata] and of [verifier.Unpack], and
// [ErrUnsupported] if the contract has no such function.
func InferenceCalldata(vk *verifier.VerifyingKey, p *verifier.Proof) ([]byte, error) {
	if err := checkProof(vk, p); err != nil {
		return nil, err
	}
	l := newLayout(&vk.Card)
	if !l.Wrapper {
		return nil, fmt.Errorf("more than %d inputs and outputs: %w", MaxTensors, ErrUnsupported)
	}
	c := newCall(l.HeadWords())
	c.proof(p.Groth16)
	c.element(p.Statement[0])
	for i := range l.Inputs {
		t := &l.Inputs[i]
		elements := p.Statement[t.At : t.At+t.card.Elements()]
		switch {
		case t.Public:
			q, err := verifier.Unpack(t.card, elements)
			if err != nil {
				return nil, err
			}
			c.integers(q, t.Bytes)
		case t.Param != "":
			c.element(elements[0])
		}
	}
	c.array(elementWords(p.Statement[1+l.InputElements:]))
	return c.encode(l.signature()), nil
}

func checkProof(vk *verifier.VerifyingKey, p *verifier.Proof) error {
	if err := check(vk); err != nil {
		return err
	}
	switch n := vk.Card.StatementSize(); {
	case p == nil || p.Groth16 == nil:
		return fmt.Errorf("%w: not a Groth16 proof", verifier.ErrMalformed)
	case p.KeyDigest != vk.Digest():
		return verifier.ErrWrongModel
	case len(p.Statement) != n:
		return fmt.Errorf("%w: statement of %d elements, %d expected", verifier.ErrMalformed, len(p.Statement), n)
	}
	return nil
}

// signature returns that of verifyInference.
func (l *layout) signature() string {
	types := []string{"uint256[12]", "uint256"}
	for i := range l.Inputs {
		if l.Inputs[i].Param != "" {
			types = append(types, l.Inputs[i].Type)
		}
	}
	return "verifyInference(" + strings.Join(append(types, "uint256[]"), ",") + ")"
}

// selector returns the first four bytes of a signature's Keccak-256.
func selector(signature string) []byte {
	h := sha3.NewLegacyKeccak256()
	h.Write([]byte(signature))
	return h.Sum(nil)[:4]
}

// call is the arguments of a call: a head of words, where dynamic arguments
// have an offset, and the data of those in turn.
type call struct {
	headBytes  int
	head, data []byte
}

func newCall(headWords int) *call { return &call{headBytes: 32 * headWords} }

func (c *call) encode(signature string) []byte {
	return append(append(selector(signature), c.head...), c.data...)
}

func (c *call) proof(p *verifier.Groth16Proof) {
	for _, point := range [][]byte{raw(p.Ar.RawBytes()), raw2(p.Bs.RawBytes()), raw(p.Krs.RawBytes()), raw(p.D.RawBytes()), raw(p.PoK.RawBytes())} {
		c.head = append(c.head, point...)
	}
}

func raw(b [64]byte) []byte { return b[:] }

// raw2 is gnark-crypto's form of a G2 point, which is the precompile's:
// imaginary parts first.
func raw2(b [128]byte) []byte { return b[:] }

func (c *call) element(x fr.Element) {
	b := x.Bytes()
	c.head = append(c.head, b[:]...)
}

// dynamic adds an argument of n items whose data fill whole words.
func (c *call) dynamic(n int, data []byte) {
	c.head = appendWord(c.head, int64(c.headBytes+len(c.data)))
	c.data = append(appendWord(c.data, int64(n)), data...)
}

func (c *call) array(words []byte) { c.dynamic(len(words)/32, words) }

// integers adds a public input, one integer a byte or one a word.
func (c *call) integers(q []int64, bytes bool) {
	if !bytes {
		var words []byte
		for _, x := range q {
			words = appendWord(words, x)
		}
		c.array(words)
		return
	}
	data := make([]byte, (len(q)+31)/32*32)
	for i, x := range q {
		data[i] = byte(x)
	}
	c.dynamic(len(q), data)
}

func elementWords(s []fr.Element) (words []byte) {
	for i := range s {
		b := s[i].Bytes()
		words = append(words, b[:]...)
	}
	return words
}

// appendWord appends x in two's complement of 256 bits.
func appendWord(b []byte, x int64) []byte {
	w := big.NewInt(x)
	if x < 0 {
		w.Add(w, new(big.Int).Lsh(big.NewInt(1), 256))
	}
	return append(b, w.FillBytes(make([]byte, 32))...)
}
