package evm

import (
	"bytes"
	"math/big"
	"reflect"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fp"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/ethereum/go-ethereum/accounts/abi"

	"github.com/nnark/nnark/verifier"
)

// accepts says what a contract should do with calldata, by way of go-ethereum's
// ABI decoder and package verifier: accept what is the one encoding of a proof
// that verifies.
func accepts(t testing.TB, interf *abi.ABI, vk *verifier.VerifyingKey, data []byte) bool {
	if len(data) < 4 {
		return false
	}
	method, err := interf.MethodById(data)
	if err != nil || method.RawName != "verify" && method.RawName != "verifyInference" {
		return false
	}
	arguments, err := method.Inputs.Unpack(data[4:])
	if err != nil {
		return false
	}
	again, err := method.Inputs.Pack(arguments...)
	if err != nil || !bytes.Equal(again, data[4:]) {
		return false
	}
	p := &verifier.Proof{KeyDigest: vk.Digest()}
	var ok bool
	if p.Groth16, ok = decodeProof(arguments[0].([12]*big.Int)); !ok {
		return false
	}
	if method.RawName == "verify" {
		p.Statement, ok = elements(arguments[1].([]*big.Int)...)
	} else {
		p.Statement, ok = packArguments(&vk.Card, arguments[1:])
	}
	if !ok {
		return false
	}
	_, err = verifier.Verify(vk, p, verifier.WithAnyContext())
	return err == nil
}

// packArguments returns the statement of a call of verifyInference.
func packArguments(card *verifier.Card, arguments []any) ([]fr.Element, bool) {
	s, ok := elements(arguments[0].(*big.Int))
	if !ok {
		return nil, false
	}
	arguments = arguments[1:]
	for i := range card.Inputs {
		var e []fr.Element
		switch card.Inputs[i].Mode {
		case verifier.Digest:
			e, ok = elements(arguments[0].(*big.Int))
		case verifier.Public:
			var err error
			e, err = verifier.Pack(&card.Inputs[i], integers(arguments[0]))
			ok = err == nil
		case verifier.Private:
			continue
		}
		if !ok {
			return nil, false
		}
		s, arguments = append(s, e...), arguments[1:]
	}
	out, ok := elements(arguments[0].([]*big.Int)...)
	return append(s, out...), ok
}

// integers reads a []byte or a slice of signed integers.
func integers(argument any) (q []int64) {
	v := reflect.ValueOf(argument)
	for i := range v.Len() {
		if x := v.Index(i); x.CanInt() {
			q = append(q, x.Int())
		} else {
			q = append(q, int64(x.Uint()))
		}
	}
	return q
}

func elements(x ...*big.Int) (s []fr.Element, ok bool) {
	for _, x := range x {
		if x.Cmp(fr.Modulus()) >= 0 {
			return nil, false
		}
		s = append(s, *new(fr.Element).SetBigInt(x))
	}
	return s, true
}

// decodeProof fails for coordinates not below the field's order. Package
// verifier checks the rest.
func decodeProof(w [12]*big.Int) (*verifier.Groth16Proof, bool) {
	var c [12]fp.Element
	for i := range w {
		if w[i].Cmp(fp.Modulus()) >= 0 {
			return nil, false
		}
		c[i].SetBigInt(w[i])
	}
	p := &verifier.Groth16Proof{
		Ar: bn254.G1Affine{X: c[0], Y: c[1]}, Krs: bn254.G1Affine{X: c[6], Y: c[7]},
		D: bn254.G1Affine{X: c[8], Y: c[9]}, PoK: bn254.G1Affine{X: c[10], Y: c[11]},
	}
	p.Bs.X.A1, p.Bs.X.A0, p.Bs.Y.A1, p.Bs.Y.A0 = c[2], c[3], c[4], c[5]
	return p, true
}
