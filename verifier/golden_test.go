package verifier_test

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"log"
	"math/big"
	"os"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier"
)

var update = flag.Bool("update", false, "make the keys and proofs in testdata anew")

// Keys and proofs made by earlier versions verify, and encode to the same
// bytes: neither formats nor transcripts change unnoticed.
func TestGolden(t *testing.T) {
	for name, s := range samples() {
		t.Run(name, func(t *testing.T) {
			if *update {
				keyFile, proofFile := "testdata/"+name+".key", "testdata/"+name+".json"
				data, err := s.key.MarshalBinary()
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(keyFile, data, 0o644))
				data, err = s.proof.MarshalJSON()
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(proofFile, append(data, '\n'), 0o644))
			}
			golden(t, name)
		})
	}
}

// golden verifies a key and a proof in testdata, whose statement all samples share, and encodes them again.
func golden(t *testing.T, name string) ([]byte, *verifier.Proof) {
	t.Helper()
	keyData, err := os.ReadFile("testdata/" + name + ".key")
	require.NoError(t, err)
	proofData, err := os.ReadFile("testdata/" + name + ".json")
	require.NoError(t, err)
	key, err := verifier.ParseVerifyingKey(keyData)
	require.NoError(t, err)
	p, err := verifier.ParseProofJSON(proofData)
	require.NoError(t, err)
	st, err := verifier.Verify(key, p)
	require.NoError(t, err)
	require.Equal(t, []int64{7, 0, 255}, st.Inputs[0].Ints)
	require.Equal(t, []int64{14, -255}, st.Outputs[0].Ints)
	again, err := key.MarshalBinary()
	require.NoError(t, err)
	require.Equal(t, keyData, again)
	again, err = p.MarshalJSON()
	require.NoError(t, err)
	require.Equal(t, string(proofData), string(again)+"\n")
	return keyData, p
}

// The transcript, written out once more.
func TestTranscript(t *testing.T) {
	digest := [32]byte{7: 1}
	s := []fr.Element{fr.NewElement(5), signed(-1), fr.NewElement(1 << 40)}
	var data []byte
	data = append(data, digest[:]...)
	for _, x := range s {
		data = append(data, x.BigInt(new(big.Int)).FillBytes(make([]byte, 32))...)
	}
	stmt := sha256.Sum256(data)
	require.Equal(t, stmt, verifier.StatementHash(digest, s))

	point := append(make([]byte, 31), 1) // the generator (1, 2)
	point = append(append(point, make([]byte, 31)...), 2)
	reduced := func(hash [32]byte) (x fr.Element) {
		return *x.SetBigInt(new(big.Int).SetBytes(hash[:]))
	}
	c0 := reduced(sha256.Sum256(append(stmt[:], point...)))
	require.Equal(t, c0, verifier.Challenge(stmt, &generatorG1))
	c0Bytes := c0.Bytes()
	z := reduced(sha256.Sum256(append(append(stmt[:], point...), c0Bytes[:]...)))
	require.Equal(t, z, verifier.Challenge(stmt, &generatorG1, c0))

	hash := verifier.NewChallengeHash(stmt)
	for range 2 {
		hash.Write(point)
		require.Equal(t, c0, reduced([32]byte(hash.Sum(nil))))
		hash.Reset()
	}

	// 5*3 - 3^2 + 2^40*3^3
	require.Equal(t, fr.NewElement(15-9+27<<40), verifier.FoldStatement(s, fr.NewElement(3)))
	require.Equal(t, fr.Element{}, verifier.FoldStatement(nil, fr.NewElement(3)))
}

func ExampleVerify() {
	keyBytes, err := os.ReadFile("testdata/groth16.key")
	if err != nil {
		log.Fatal(err)
	}
	proofBytes, err := os.ReadFile("testdata/groth16.json")
	if err != nil {
		log.Fatal(err)
	}
	key, err := verifier.ParseVerifyingKey(keyBytes)
	if err != nil {
		log.Fatal(err)
	}
	proof, err := verifier.ParseProofJSON(proofBytes)
	if err != nil {
		log.Fatal(err)
	}
	statement, err := verifier.Verify(key, proof, verifier.WithInput(0, []int64{7, 0, 255}))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(statement.Outputs[0].Card.Name, statement.Outputs[0].Floats())
	// Output: y [0.0546875 -0.99609375]
}
