package evm

import (
	"bytes"
	"math/big"
	"reflect"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fp"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/ethereum/go-ethereum/accounts/abi"

	"github.com/nnark/nnark/verifier"
)

// accepts says what a contract should do with calldata, by way of go-ethereum's
// ABI decoder and package verifier: accept what is the one encoding of a proof
// that verifies. The first claim of a PLONK proof, which the contract computes, is
// claim.
func accepts(interf *abi.ABI, vk *verifier.VerifyingKey, data []byte, claim fr.Element) bool {
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
	switch words := arguments[0].(type) {
	case [12]*big.Int:
		p.Groth16, ok = decodeGroth16(words)
	case [27]*big.Int:
		p.Plonk, ok = decodePlonk(words, claim)
	}
	if !ok {
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

// decodeGroth16 fails for coordinates not below the field's order. Package
// verifier checks the rest.
func decodeGroth16(w [12]*big.Int) (*verifier.Groth16Proof, bool) {
	p := new(verifier.Groth16Proof)
	ok := coordinates(w[:], &p.Ar.X, &p.Ar.Y, &p.Bs.X.A1, &p.Bs.X.A0, &p.Bs.Y.A1, &p.Bs.Y.A0,
		&p.Krs.X, &p.Krs.Y, &p.D.X, &p.D.Y, &p.PoK.X, &p.PoK.Y)
	return p, ok
}

func decodePlonk(w [27]*big.Int, claim fr.Element) (*verifier.PlonkProof, bool) {
	p := new(verifier.PlonkProof)
	ok := true
	for i, point := range map[int]*bn254.G1Affine{
		0: &p.LRO[0], 2: &p.LRO[1], 4: &p.LRO[2], 6: &p.H[0], 8: &p.H[1], 10: &p.H[2],
		17: &p.Z, 20: &p.Opening, 22: &p.ShiftedOpening, 25: &p.Commitment,
	} {
		ok = coordinates(w[i:i+2], &point.X, &point.Y) && ok
	}
	values, inRange := elements(w[12], w[13], w[14], w[15], w[16], w[24], w[19])
	if !ok || !inRange {
		return nil, false
	}
	p.Claims[0] = claim
	copy(p.Claims[1:], values)
	p.ShiftedZ = values[6]
	return p, true
}

func coordinates(w []*big.Int, c ...*fp.Element) bool {
	for i := range c {
		if w[i].Cmp(fp.Modulus()) >= 0 {
			return false
		}
		c[i].SetBigInt(w[i])
	}
	return true
}
