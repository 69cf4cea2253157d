package evm

import (
	"math/rand/v2"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier"
)

// forger makes keys whose trapdoors it knows, and with those proofs of any
// statement: what the equations accept, without a circuit.
type forger struct {
	key                          *verifier.VerifyingKey
	rng                          *rand.Rand
	alpha, beta, gamma, delta, g fr.Element
	k                            []fr.Element
	sigma                        []fr.Element
	weights                      fr.Element
}

// shape says which of the rare things a key has.
type shape struct {
	merged      bool // gamma = G
	constrainC0 bool // the weights' challenge is in a constraint
}

func newForger(t testing.TB, seed uint64, card verifier.Card, s shape) *forger {
	f := &forger{rng: rand.New(rand.NewPCG(seed, 0))}
	for _, x := range []*fr.Element{&f.alpha, &f.beta, &f.gamma, &f.delta, &f.g, &f.weights} {
		*x = f.scalar()
	}
	if s.merged {
		f.g.SetOne()
		f.gamma = f.g
	}
	nbK, nbSigma := 3, 1
	if card.Weights == verifier.CommittedWeights {
		nbK, nbSigma = 4, 2
	}
	for range nbK {
		f.k = append(f.k, f.scalar())
	}
	if nbK == 4 && !s.constrainC0 {
		f.k[2].SetZero()
	}
	key := &verifier.Groth16Key{Alpha: mulG1(f.alpha), Beta: mulG2(f.beta), Gamma: mulG2(f.gamma), Delta: mulG2(f.delta), CommitmentG: mulG2(f.g)}
	for _, k := range f.k {
		key.K = append(key.K, mulG1(k))
	}
	for range nbSigma {
		sigma := f.scalar()
		f.sigma = append(f.sigma, sigma)
		var x fr.Element
		key.CommitmentSigmaNeg = append(key.CommitmentSigmaNeg, mulG2(*x.Mul(&sigma, &f.g).Neg(&x)))
	}
	if card.Weights == verifier.CommittedWeights {
		var x fr.Element
		key.Weights = &verifier.WeightCommitment{C: mulG1(f.weights), PoK: mulG1(*x.Mul(&f.sigma[0], &f.weights))}
	}
	f.key = &verifier.VerifyingKey{Card: card, Groth16: key}
	require.NoError(t, f.key.Check())
	return f
}

// prove returns an accepted proof of any statement.
func (f *forger) prove(t testing.TB, statement []fr.Element) *verifier.Proof {
	a, b, d := f.scalar(), f.scalar(), f.scalar()
	p := &verifier.Proof{KeyDigest: f.key.Digest(), Statement: statement, Groth16: new(verifier.Groth16Proof)}
	g := p.Groth16
	var x fr.Element
	g.Ar, g.Bs, g.D, g.PoK = mulG1(a), mulG2(b), mulG1(d), mulG1(*x.Mul(&d, &f.sigma[len(f.sigma)-1]))

	stmt := verifier.StatementHash(p.KeyDigest, statement)
	l := d
	l.Add(&l, &f.k[0])
	var challenges []fr.Element
	if w := f.key.Groth16.Weights; w != nil {
		l.Add(&l, &f.weights)
		challenges = append(challenges, verifier.Challenge(stmt, &w.C))
	}
	challenges = append(challenges, verifier.Challenge(stmt, &g.D, challenges...))
	e := verifier.FoldStatement(statement, challenges[len(challenges)-1])
	for i, c := range append([]fr.Element{e}, challenges...) {
		l.Add(&l, x.Mul(&c, &f.k[i+1]))
	}
	// a*b = alpha*beta + l*gamma + krs*delta
	var krs fr.Element
	krs.Mul(&a, &b)
	krs.Sub(&krs, x.Mul(&f.alpha, &f.beta))
	krs.Sub(&krs, x.Mul(&l, &f.gamma))
	krs.Div(&krs, &f.delta)
	g.Krs = mulG1(krs)
	_, err := verifier.Verify(f.key, p, verifier.WithAnyContext())
	require.NoError(t, err)
	return p
}

// statement returns a random statement of the key's card and its tensors' integers.
func (f *forger) statement(t testing.TB) (s []fr.Element, inputs, outputs [][]int64) {
	s = []fr.Element{f.scalar()}
	tensors := func(cards []verifier.TensorCard) (all [][]int64) {
		for i := range cards {
			c := &cards[i]
			var q []int64
			switch c.Mode {
			case verifier.Digest:
				s = append(s, f.scalar())
			case verifier.Public:
				q = f.integers(c)
				e, err := verifier.Pack(c, q)
				require.NoError(t, err)
				s = append(s, e...)
			}
			all = append(all, q)
		}
		return all
	}
	inputs = tensors(f.key.Card.Inputs)
	outputs = tensors(f.key.Card.Outputs)
	return s, inputs, outputs
}

// integers draws from [Lo, Hi], the ends often.
func (f *forger) integers(c *verifier.TensorCard) []int64 {
	q := make([]int64, c.Size())
	for i := range q {
		switch f.rng.IntN(4) {
		case 0:
			q[i] = c.Lo
		case 1:
			q[i] = c.Hi
		default:
			if width := uint64(c.Hi) - uint64(c.Lo); width+1 == 0 {
				q[i] = int64(f.rng.Uint64())
			} else {
				q[i] = int64(uint64(c.Lo) + f.rng.Uint64N(width+1))
			}
		}
	}
	return q
}

func (f *forger) scalar() (x fr.Element) {
	var b [48]byte
	for i := range b {
		b[i] = byte(f.rng.Uint32())
	}
	x.SetBytes(b[:])
	return x
}

func mulG1(x fr.Element) (p bn254.G1Affine) {
	p.ScalarMultiplicationBase(x.BigInt(bigInt()))
	return p
}

func mulG2(x fr.Element) (p bn254.G2Affine) {
	p.ScalarMultiplicationBase(x.BigInt(bigInt()))
	return p
}
