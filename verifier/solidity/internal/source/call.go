package source

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"golang.org/x/crypto/sha3"

	"github.com/nnark/nnark/verifier"
)

const word = 32 // bytes

// CheckProof reports a proof whose key or size is not the contract's. The
// proof's system is for the caller to check.
func (c *Contract) CheckProof(p *verifier.Proof) error {
	switch {
	case p.KeyDigest != c.digest:
		return verifier.ErrWrongModel
	case len(p.Statement) != c.Size:
		return fmt.Errorf("%w: statement of %d elements, %d expected", verifier.ErrMalformed, len(p.Statement), c.Size)
	}
	return nil
}

// VerifyCall encodes a call of verify. proof is ProofWords words, s a statement.
func (c *Contract) VerifyCall(proof []byte, s []fr.Element) []byte {
	a := arguments{headBytes: word * c.VerifyHeadWords(), head: proof}
	a.array(elementWords(s))
	return a.encode(fmt.Sprintf("verify(uint256[%d],uint256[])", c.ProofWords))
}

// InferenceCall encodes a call of verifyInference, with the errors of
// [verifier.Unpack], and [ErrUnsupported] if there is no such function.
func (c *Contract) InferenceCall(proof []byte, s []fr.Element) ([]byte, error) {
	if !c.Wrapper {
		return nil, fmt.Errorf("more than %d inputs and outputs: %w", MaxTensors, ErrUnsupported)
	}
	a := arguments{headBytes: word * c.HeadWords(), head: proof}
	a.element(s[0])
	types, err := a.inputs(c.HashedInputs(), s)
	if err != nil {
		return nil, err
	}
	types = append([]string{fmt.Sprintf("uint256[%d]", c.ProofWords), "uint256"}, types...)
	outputs := s[1+c.InputElements:]
	a.array(elementWords(outputs[:c.OutputElements]))
	return a.encode("verifyInference(" + strings.Join(append(types, "uint256[]"), ",") + ")"), nil
}

// InputHashCall encodes a call of inputHash, with the errors of [verifier.Unpack], and
// [ErrUnsupported] if there is no such function.
func (c *Contract) InputHashCall(s []fr.Element) ([]byte, error) {
	inputs := c.HashedInputs()
	if len(inputs) == 0 {
		return nil, fmt.Errorf("more than %d inputs and outputs, or private ones only: %w", MaxTensors, ErrUnsupported)
	}
	a := arguments{headBytes: word * len(inputs)}
	types, err := a.inputs(inputs, s)
	if err != nil {
		return nil, err
	}
	return a.encode("inputHash(" + strings.Join(types, ",") + ")"), nil
}

// inputs adds inputs of a statement, and returns their types.
func (a *arguments) inputs(inputs []Tensor, s []fr.Element) (types []string, err error) {
	for i := range inputs {
		t := &inputs[i]
		types = append(types, t.Type)
		elements := s[t.At : t.At+t.Card.Elements()]
		if !t.Public {
			a.element(elements[0])
			continue
		}
		q, err := verifier.Unpack(t.Card, elements)
		if err != nil {
			return nil, err
		}
		a.integers(q, t.Bytes)
	}
	return types, nil
}

// arguments are those of a call: a head of words, where dynamic arguments have
// an offset, and the data of those in turn.
type arguments struct {
	headBytes  int
	head, data []byte
}

// encode puts the first four bytes of the signature's Keccak-256 before the arguments.
func (a *arguments) encode(signature string) []byte {
	h := sha3.NewLegacyKeccak256()
	h.Write([]byte(signature))
	return append(append(h.Sum(nil)[:4], a.head...), a.data...)
}

func (a *arguments) element(x fr.Element) {
	b := x.Bytes()
	a.head = append(a.head, b[:]...)
}

// dynamic adds an argument of n items whose data fill whole words.
func (a *arguments) dynamic(n int, data []byte) {
	a.head = appendWord(a.head, int64(a.headBytes+len(a.data)))
	a.data = append(appendWord(a.data, int64(n)), data...)
}

func (a *arguments) array(words []byte) { a.dynamic(len(words)/word, words) }

// integers adds a public input, one integer a byte or one a word.
func (a *arguments) integers(q []int64, bytes bool) {
	if !bytes {
		var words []byte
		for _, x := range q {
			words = appendWord(words, x)
		}
		a.array(words)
		return
	}
	data := make([]byte, (len(q)+word-1)/word*word)
	for i, x := range q {
		data[i] = byte(x)
	}
	a.dynamic(len(q), data)
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
		w.Add(w, new(big.Int).Lsh(big.NewInt(1), 8*word))
	}
	return append(b, w.FillBytes(make([]byte, word))...)
}
