package verifier

import (
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// Groth16Key is the verifying key of Groth16 with one public input E and
// Pedersen commitments: gnark's key, without what follows from the rest.
type Groth16Key struct {
	Alpha              bn254.G1Affine
	Beta, Gamma, Delta bn254.G2Affine
	// K holds the points of the public wires: the constant 1, E, the challenge
	// of the weights (committed weights only; infinity when no constraint uses
	// it), the challenge z.
	K []bn254.G1Affine
	// CommitmentG and CommitmentSigmaNeg[i] = -sigma_i*G verify the proof of
	// knowledge of commitment i: weights (committed weights only), then the rest.
	CommitmentG        bn254.G2Affine
	CommitmentSigmaNeg []bn254.G2Affine
	Weights            *WeightCommitment // nil for baked weights
}

// WeightCommitment identifies a model: C commits to its weights, and
// PoK = sigma_0*C shows that somebody can open it.
type WeightCommitment struct{ C, PoK bn254.G1Affine }

// Groth16Proof is gnark's proof without the weights' commitment, which is the
// key's. D commits to all other committed wires; PoK is its proof of knowledge.
type Groth16Proof struct {
	Ar, Krs, D, PoK bn254.G1Affine
	Bs              bn254.G2Affine
}

// Groth16ProofSize is the length of an encoded Groth16 proof.
const Groth16ProofSize = 4*bn254.SizeOfG1AffineCompressed + bn254.SizeOfG2AffineCompressed

// Bytes returns the proof's encoding, compressed points in the order Ar, Bs,
// Krs, D, PoK.
func (p *Groth16Proof) Bytes() []byte {
	var e encoder
	p.encode(&e)
	return e.buf
}

func (p *Groth16Proof) encode(e *encoder) {
	e.g1(p.Ar)
	e.g2(p.Bs)
	e.g1(p.Krs, p.D, p.PoK)
}

func decodeGroth16Proof(d *decoder) *Groth16Proof {
	p := new(Groth16Proof)
	p.Ar = d.g1()
	p.Bs = d.g2()
	p.Krs, p.D, p.PoK = d.g1(), d.g1(), d.g1()
	return p
}

// groth16Shape returns the lengths of K and CommitmentSigmaNeg.
func groth16Shape(w WeightsMode) (nbK, nbSigma int) {
	if w == CommittedWeights {
		return 4, 2
	}
	return 3, 1
}

func (k *Groth16Key) checkStructure(w WeightsMode) error {
	nbK, nbSigma := groth16Shape(w)
	if len(k.K) != nbK || len(k.CommitmentSigmaNeg) != nbSigma || (k.Weights != nil) != (w == CommittedWeights) {
		return malformed("verifying key: not a Groth16 key of %v weights", w)
	}
	return nil
}

func (k *Groth16Key) encode(e *encoder) {
	e.g1(k.Alpha)
	e.g2(k.Beta, k.Gamma, k.Delta)
	e.g1(k.K...)
	e.g2(k.CommitmentG)
	e.g2(k.CommitmentSigmaNeg...)
	if k.Weights != nil {
		e.g1(k.Weights.C, k.Weights.PoK)
	}
}

func decodeGroth16Key(d *decoder, w WeightsMode) *Groth16Key {
	k := &Groth16Key{Alpha: d.g1(), Beta: d.g2(), Gamma: d.g2(), Delta: d.g2()}
	nbK, nbSigma := groth16Shape(w)
	k.K = make([]bn254.G1Affine, nbK)
	for i := range k.K {
		k.K[i] = d.g1OrInfinity() // Check allows one of them only
	}
	k.CommitmentG = d.g2()
	k.CommitmentSigmaNeg = make([]bn254.G2Affine, nbSigma)
	for i := range k.CommitmentSigmaNeg {
		k.CommitmentSigmaNeg[i] = d.g2()
	}
	if w == CommittedWeights {
		k.Weights = &WeightCommitment{C: d.g1(), PoK: d.g1()}
	}
	return k
}

// check reports points and setups that no honest ceremony produces.
func (k *Groth16Key) check() error {
	g1 := append([]bn254.G1Affine{k.Alpha}, k.K...)
	if k.Weights != nil {
		g1 = append(g1, k.Weights.C, k.Weights.PoK)
		if k.K[2].IsInfinity() { // the weights' challenge, in no constraint
			g1 = append(g1[:3], g1[4:]...)
		}
	}
	if !validG1(g1...) {
		return malformed("verifying key: G1 point at infinity or off the curve")
	}
	if !validG2(append([]bn254.G2Affine{k.Beta, k.Gamma, k.Delta, k.CommitmentG}, k.CommitmentSigmaNeg...)...) {
		return malformed("verifying key: G2 point at infinity or outside the subgroup")
	}
	_, _, gen1, gen2 := bn254.Generators()
	var negAlpha bn254.G1Affine
	negAlpha.Neg(&k.Alpha)
	if k.Alpha.Equal(&gen1) || negAlpha.Equal(&gen1) {
		return malformed("verifying key: alpha is a generator")
	}
	// gamma may be the generator: ceremonies take gamma = 1.
	for _, pair := range [][2]*bn254.G2Affine{
		{&k.Beta, &gen2}, {&k.Delta, &gen2}, {&k.Gamma, &k.Delta}, {&k.Beta, &k.Gamma}, {&k.Beta, &k.Delta},
	} {
		if equalUpToSign(pair[0], pair[1]) {
			return malformed("verifying key: degenerate setup")
		}
	}
	for i := range k.CommitmentSigmaNeg {
		if equalUpToSign(&k.CommitmentSigmaNeg[i], &k.CommitmentG) ||
			i > 0 && equalUpToSign(&k.CommitmentSigmaNeg[i], &k.CommitmentSigmaNeg[0]) {
			return malformed("verifying key: degenerate commitment key")
		}
	}
	return k.checkWeights()
}

// checkWeights verifies e(C, -sigma_0*G) * e(PoK, G) = 1.
func (k *Groth16Key) checkWeights() error {
	if k.Weights == nil {
		return nil
	}
	ok, err := bn254.PairingCheck(
		[]bn254.G1Affine{k.Weights.C, k.Weights.PoK},
		[]bn254.G2Affine{k.CommitmentSigmaNeg[0], k.CommitmentG})
	if err != nil || !ok {
		return malformed("verifying key: the weight commitment's proof of knowledge does not verify")
	}
	return nil
}

// groth16Verifier is a checked key with its precomputations.
type groth16Verifier struct {
	key       *Groth16Key
	constant  bn254.G1Affine // K_one, plus C for committed weights
	alphaBeta bn254.GT       // e(alpha, beta)
	lines     [4]fixedLines  // of -gamma, -delta, -sigma*G, G
}

func prepareGroth16(k *Groth16Key) (*groth16Verifier, error) {
	if err := k.check(); err != nil {
		return nil, err
	}
	v := &groth16Verifier{key: k.clone()}
	v.constant = k.K[0]
	if k.Weights != nil {
		v.constant.Add(&v.constant, &k.Weights.C)
	}
	var err error
	if v.alphaBeta, err = bn254.Pair([]bn254.G1Affine{k.Alpha}, []bn254.G2Affine{k.Beta}); err != nil {
		return nil, malformed("verifying key: %v", err)
	}
	var gammaNeg, deltaNeg bn254.G2Affine
	gammaNeg.Neg(&k.Gamma)
	deltaNeg.Neg(&k.Delta)
	for i, q := range []bn254.G2Affine{gammaNeg, deltaNeg, k.CommitmentSigmaNeg[len(k.CommitmentSigmaNeg)-1], k.CommitmentG} {
		v.lines[i] = bn254.PrecomputeLines(q)
	}
	return v, nil
}

// clone copies the key, so that a prepared key does not change with the
// caller's.
func (k *Groth16Key) clone() *Groth16Key {
	c := *k
	c.K = append([]bn254.G1Affine(nil), k.K...)
	c.CommitmentSigmaNeg = append([]bn254.G2Affine(nil), k.CommitmentSigmaNeg...)
	if k.Weights != nil {
		w := *k.Weights
		c.Weights = &w
	}
	return &c
}

// challenges derives the challenges of a proof in the order of K: the weights'
// (committed weights only) and z.
func (k *Groth16Key) challenges(keyDigest [32]byte, p *Proof) []fr.Element {
	stmt := StatementHash(keyDigest, p.Statement)
	if k.Weights == nil {
		return []fr.Element{Challenge(stmt, &p.Groth16.D)}
	}
	c0 := Challenge(stmt, &k.Weights.C)
	return []fr.Element{c0, Challenge(stmt, &p.Groth16.D, c0)}
}

// check verifies, for random coefficients rho_i and tau_i (rho_0 = 1),
//
//	prod e(rho_i*Ar_i, Bs_i) * e(sum rho_i*L_i, -gamma) * e(sum rho_i*Krs_i, -delta)
//	  * e(sum tau_i*D_i, -sigma*G) * e(sum tau_i*PoK_i, G) = e(alpha, beta)^(sum rho_i)
//
// where L = K_one + E*K_E (+ c0*K_c0) + z*K_z + D (+ C).
func (v *groth16Verifier) check(keyDigest [32]byte, proofs []*Proof, c *coefficients) error {
	wires := append([]bn254.G1Affine{v.constant}, v.key.K[1:]...)
	wireSums := make([]fr.Element, len(wires))
	var l, krs, d, pok linearCombination
	ar := make([]bn254.G1Affine, len(proofs))
	bs := make([]bn254.G2Affine, len(proofs))
	for i, proof := range proofs {
		p := proof.Groth16
		if !validG1(p.Ar, p.Krs, p.D, p.PoK) || !validG2(p.Bs) {
			return malformed("proof: point at infinity or outside its group")
		}
		rho, tau := fr.One(), c.next()
		if i > 0 {
			rho = c.next()
		}
		challenges := v.key.challenges(keyDigest, proof)
		e := FoldStatement(proof.Statement, challenges[len(challenges)-1])
		for j, x := range append([]fr.Element{fr.One(), e}, challenges...) {
			x.Mul(&x, &rho)
			wireSums[j].Add(&wireSums[j], &x)
		}
		l.add(p.D, rho)
		krs.add(p.Krs, rho)
		d.add(p.D, tau)
		pok.add(p.PoK, tau)
		ar[i], bs[i] = scale(&p.Ar, &rho), p.Bs
	}
	for j := range wires {
		l.add(wires[j], wireSums[j])
	}
	f, err := bn254.MillerLoop(ar, bs)
	if err != nil {
		return rejected("%v", err)
	}
	g, err := millerLoopFixed([]bn254.G1Affine{l.sum(), krs.sum(), d.sum(), pok.sum()}, v.lines[:])
	if err != nil {
		return rejected("%v", err)
	}
	var right bn254.GT
	right.CyclotomicExp(v.alphaBeta, wireSums[0].BigInt(new(big.Int)))
	left := bn254.FinalExponentiation(&f, &g)
	if !left.Equal(&right) {
		return rejected("the pairing equation does not hold")
	}
	return nil
}
